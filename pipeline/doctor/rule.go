package doctor

import (
	"fmt"
	"maps"
	"slices"
)

// Rule is one thing to look for.
type Rule struct {
	ID       string   `json:"id"`
	Pillar   Pillar   `json:"pillar"`
	Severity Severity `json:"severity"`
	Title    string   `json:"title"` // what is wrong
	Do       string   `json:"do"`

	types []string // of the resources it looks at; none is the estate as a whole
	seen  []string // properties that it reads of a survey; none: it is about templates only

	// check says what is wrong with a resource, or with the estate where r is nil; "" is
	// nothing.
	check func(e *Estate, r *Resource) string
}

// rules are all rules that look at an estate.
var rules = slices.Concat(bucketRules, queueRules, tableRules, databaseRules, edgeRules, firewallRules,
	networkRules, accessRules, serviceRules, taskRules, machineRules, watchRules)

// What doctor tells about itself.
var (
	ruleCondition = Rule{
		ID: "undecided-condition", Pillar: Limits, Severity: Note, Title: "a condition depends on what is not in the template",
		Do: "look at the stack once for each case, with the parameter's default set",
	}
	ruleSuppression = Rule{
		ID: "suppression", Pillar: Security, Severity: Warning, Title: "a suppression has no reason, or suppresses nothing",
		Do: "say why, or remove it from Metadata.plinth.doctor",
	}
	ruleUnseen = Rule{
		ID: "unseen", Pillar: Security, Severity: Warning, Title: "a live resource may not be looked at",
		Do: "allow it to whoever runs doctor, and look again",
	}
)

// Rules are all rules in the order of their table.
func Rules() []Rule { return append(slices.Clone(rules), ruleCondition, ruleSuppression, ruleUnseen) }

// Live tells if a rule holds for what a survey sees, too.
func (r *Rule) Live() bool { return len(r.seen) > 0 }

func (r *Rule) apply(e *Estate, used map[*Suppression]bool) (found []Finding) {
	if e.live && !r.Live() {
		return nil
	}
	if len(r.types) == 0 {
		return r.whole(e, used)
	}
	for _, x := range e.of(r.types...) {
		if r.hidden(x) {
			continue
		}
		if what := r.check(e, x); what != "" && !x.suppresses(r.ID, used) {
			found = append(found, r.finding(x, what))
		}
	}
	return found
}

// whole applies a rule about the estate; any stack may suppress it.
func (r *Rule) whole(e *Estate, used map[*Suppression]bool) []Finding {
	what := r.check(e, nil)
	if what == "" {
		return nil
	}
	for _, s := range e.of(stackType) {
		if s.suppresses(r.ID, used) {
			return nil
		}
	}
	return []Finding{r.finding(&Resource{}, what)}
}

// hidden tells if something that a rule reads could not be looked at.
func (r *Rule) hidden(x *Resource) bool {
	return slices.ContainsFunc(r.seen, func(p string) bool { return x.Unseen[p] != "" })
}

func (r *Rule) finding(x *Resource, what string) Finding {
	return Finding{r.ID, r.Pillar, r.Severity, x.Stack, x.ID, x.Path, what, r.Do}
}

// unseen tells what could not be looked at, once for each permission that is missing.
func (e *Estate) unseen() (found []Finding) {
	for _, r := range e.resources {
		lost := map[string][]string{}
		for _, p := range slices.Sorted(maps.Keys(r.Unseen)) {
			lost[r.Unseen[p]] = append(lost[r.Unseen[p]], p)
		}
		for _, need := range slices.Sorted(maps.Keys(lost)) {
			found = append(found, ruleUnseen.finding(r, fmt.Sprintf("could not look at %s (needs %s)", list(lost[need]), need)))
		}
	}
	return found
}
