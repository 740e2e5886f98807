// Package doctor looks at an installation on AWS and tells what is unsafe, fragile, slow,
// near a limit or a waste of money, in the way of AWS Trusted Advisor but with what this
// product needs.
//
// It reads CloudFormation templates before they are deployed (Parse, ReadFolder), or takes
// what a survey saw of what runs (package cloud); either is an Estate, and one table of rules
// holds for both. Examine is a function of the estate alone: same estate, same findings, in
// the same order.
//
// Templates are taken as hostile: their size, depth, number of resources and what their
// functions grow to are limited, and a broken one is a FormatError with the place.
package doctor

import (
	"cmp"
	"slices"
	"strings"
)

// Severity is how much a finding matters.
type Severity string

// The severities, least first.
const (
	Note    Severity = "note"    // money or comfort
	Warning Severity = "warning" // it will hurt some day
	Error   Severity = "error"   // data or the service is at risk now
)

// Severities are all of them, least first.
var Severities = []Severity{Note, Warning, Error}

// AtLeast tells if a severity is as bad as another or worse.
func (s Severity) AtLeast(other Severity) bool {
	return slices.Index(Severities, s) >= slices.Index(Severities, other)
}

// Pillar is what a rule is about.
type Pillar string

// The pillars.
const (
	Security     Pillar = "security"
	Availability Pillar = "availability"
	Cost         Pillar = "cost"
	Performance  Pillar = "performance"
	Limits       Pillar = "limits"
)

// Finding is one thing to tell.
type Finding struct {
	Rule     string   `json:"rule"`
	Pillar   Pillar   `json:"pillar"`
	Severity Severity `json:"severity"`
	Stack    string   `json:"stack"`    // empty if it is about all stacks
	Resource string   `json:"resource"` // logical ID; empty if it is about a stack
	Path     string   `json:"path"`     // of the construct, from aws:cdk:path
	What     string   `json:"what"`
	Do       string   `json:"do"`
}

// Examine applies all rules and returns what they find, the worst first, then by stack,
// resource and rule.
func Examine(e *Estate) []Finding {
	found := slices.Clone(e.told)
	used := map[*Suppression]bool{}
	for i := range rules {
		found = append(found, rules[i].apply(e, used)...)
	}
	found = append(found, e.unseen()...)
	found = append(found, e.idle(used)...)
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(
			slices.Index(Severities, b.Severity)-slices.Index(Severities, a.Severity),
			strings.Compare(a.Stack, b.Stack), strings.Compare(a.Resource, b.Resource),
			strings.Compare(a.Rule, b.Rule), strings.Compare(a.What, b.What))
	})
	return found
}
