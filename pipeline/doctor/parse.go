package doctor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// What templates may be. CloudFormation itself takes 1 MB and 500 resources for a stack.
const (
	MaxBytes     = 4 << 20 // of one template
	maxStacks    = 200
	maxResources = 5000     // of all templates
	maxDepth     = 64       // of JSON
	maxText      = 64 << 10 // of one value
	maxGrown     = 32 << 20 // of all values that functions make
	maxDecisions = 1000     // conditions of a template
	maxImports   = 32       // from stack to stack
)

// stackType is the Type of a stack itself.
const stackType = "Stack"

// Template is a CloudFormation template as it is written.
type Template struct {
	Stack  string // name
	Region string // empty if it isn't known
	Text   []byte // JSON
}

// FormatError is a template that can't be read. It is asset.ErrInvalid.
type FormatError struct{ Stack, Where, What string }

// Error says what is wrong where.
func (e *FormatError) Error() string {
	if e.Where == "" {
		return fmt.Sprintf("template %.200s: %s", e.Stack, e.What)
	}
	return fmt.Sprintf("template %.200s: %.300s: %s", e.Stack, e.Where, e.What)
}

// Unwrap is asset.ErrInvalid.
func (*FormatError) Unwrap() error { return asset.ErrInvalid }

// document is the JSON of a template.
type document struct {
	Resources  map[string]*declared
	Outputs    map[string]output
	Parameters map[string]parameter
	Conditions map[string]any
	Metadata   map[string]any
}

type declared struct {
	Type, Condition                     string
	Properties                          map[string]any
	Metadata                            map[string]any
	DeletionPolicy, UpdateReplacePolicy string
}

type parameter struct {
	Type    string
	Default any
}

type output struct {
	Condition string
	Value     any
	Export    struct{ Name any }
}

// Parse reads templates that belong together: what one exports others may import. What a
// condition says that a template alone can't decide is taken as true, and told as a finding.
func Parse(templates ...Template) (*Estate, error) {
	if len(templates) > maxStacks {
		return nil, fmt.Errorf("%w: %d templates, more than %d", asset.ErrInvalid, len(templates), maxStacks)
	}
	w := world{stacks: map[string]*stack{}, exports: map[export]*stack{}, names: map[export]string{}}
	total := 0
	for _, t := range templates {
		s, err := w.read(t)
		if err != nil {
			return nil, err
		}
		if total += len(s.doc.Resources); total > maxResources {
			return nil, &FormatError{t.Stack, "Resources", fmt.Sprintf("with it there are more than %d", maxResources)}
		}
	}
	return w.link()
}

// read checks the form of one template.
func (w *world) read(t Template) (*stack, error) {
	s := &stack{name: t.Stack, region: t.Region, world: w, resources: map[string]*Resource{}, decided: map[string]verdict{}, values: map[string]any{}}
	if len(t.Text) > MaxBytes {
		return nil, s.broken("", "it has %d bytes, more than %d", len(t.Text), MaxBytes)
	}
	if at := tooDeep(t.Text); at >= 0 {
		return nil, s.broken("", "byte %d: more than %d levels of JSON", at, maxDepth)
	}
	dec := json.NewDecoder(bytes.NewReader(t.Text))
	if err := dec.Decode(&s.doc); err != nil {
		return nil, s.broken("", "it is no CloudFormation template in JSON: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, s.broken("", "something follows its JSON")
	}
	if len(s.doc.Resources) == 0 {
		return nil, s.broken("Resources", "there are none")
	}
	if len(s.doc.Conditions) > maxDecisions {
		return nil, s.broken("Conditions", "there are %d, more than %d", len(s.doc.Conditions), maxDecisions)
	}
	if w.stacks[t.Stack] != nil {
		return nil, s.broken("", "there are two stacks of this name")
	}
	w.stacks[t.Stack] = s
	w.order = append(w.order, s)
	s.self = &Resource{Stack: t.Stack, Region: t.Region, Type: stackType, Properties: map[string]any{"Bytes": float64(len(t.Text)), "Resources": float64(len(s.doc.Resources))}}
	return s, s.declare()
}

// declare makes the resources of a template, without their properties.
func (s *stack) declare() error {
	var err error
	if s.self.suppressed, err = s.suppressions("Metadata", s.doc.Metadata); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(s.doc.Resources)) {
		d, where := s.doc.Resources[id], "Resources."+id
		if d == nil || d.Type == "" {
			return s.broken(where, "it has no Type")
		}
		r := &Resource{Stack: s.name, Region: s.region, ID: id, Type: d.Type, deletion: d.DeletionPolicy, replacement: d.UpdateReplacePolicy}
		r.Path, _ = d.Metadata["aws:cdk:path"].(string)
		if r.suppressed, err = s.suppressions(where, d.Metadata); err != nil {
			return err
		}
		s.resources[id] = r
	}
	return nil
}

// tooDeep is the first byte of what is nested too deeply, -1 if nothing is.
func tooDeep(text []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

func (s *stack) broken(where, format string, args ...any) error {
	return &FormatError{s.name, where, fmt.Sprintf(format, args...)}
}
