package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// value is part of a resource's properties. What isn't there is a value too, so that paths
// need no checks on their way.
type value struct{ v any }

// at is the value of a property, or of one within it.
func (r *Resource) at(keys ...string) value { return value{r.Properties}.at(keys...) }

func (v value) at(keys ...string) value {
	for _, k := range keys {
		m, ok := v.v.(map[string]any)
		if !ok {
			return value{}
		}
		v = value{m[k]}
	}
	return v
}

// there tells if anything is set.
func (v value) there() bool { return v.v != nil }

// each are the elements of a list; CloudFormation and IAM take a single value for a list
// of one.
func (v value) each() (all []value) {
	switch t := v.v.(type) {
	case nil:
		return nil
	case []any:
		for _, x := range t {
			all = append(all, value{x})
		}
		return all
	}
	return []value{v}
}

// text is a scalar as text; empty if it isn't known.
func (v value) text() string {
	switch t := v.v.(type) {
	case string:
		return t
	case bool:
		return strconv.FormatBool(t)
	case float64:
		return strconv.FormatFloat(t, 'f', -1, 64)
	}
	return ""
}

// pattern is a text with an asterisk for each part that isn't known.
func (v value) pattern() string {
	parts, ok := v.v.(Text)
	if !ok {
		if _, link := v.v.(Link); link {
			return "*"
		}
		return v.text()
	}
	var b strings.Builder
	for _, p := range parts {
		if s, known := p.(string); known {
			b.WriteString(s)
		} else {
			b.WriteByte('*')
		}
	}
	return b.String()
}

// number is a number, or missing if it isn't set or known.
func (v value) number(missing float64) float64 {
	n, err := strconv.ParseFloat(v.text(), 64)
	if err != nil {
		return missing
	}
	return n
}

// yes tells if it is known to be true, no if it is known to be false.
func (v value) yes() bool { return v.text() == "true" }
func (v value) no() bool  { return v.text() == "false" }

// has tells if one of its elements is the text.
func (v value) has(text string) bool {
	return slices.ContainsFunc(v.each(), func(x value) bool { return x.text() == text })
}

// links visits all links within.
func (v value) links(visit func(Link)) {
	walk(v.v, "", func(_ string, l Link) { visit(l) })
}

// to is the first resource of a type within.
func (v value) to(types ...string) (found *Resource) {
	v.links(func(l Link) {
		if found == nil && (len(types) == 0 || slices.Contains(types, l.To.Type)) {
			found = l.To
		}
	})
	return found
}

// same is a text that is equal for values that a deployment makes equal.
func (v value) same() string {
	switch t := v.v.(type) {
	case Link:
		return fmt.Sprintf("%q", []string{t.To.Stack, t.To.ID, t.Attribute})
	case Opaque:
		return string(t)
	case Text:
		var b strings.Builder
		for _, p := range t {
			b.WriteString(value{p}.same())
		}
		return b.String()
	}
	return v.text()
}

// walk visits the links within properties, in a stable order.
func walk(v any, at string, visit func(at string, l Link)) {
	switch t := v.(type) {
	case Link:
		visit(at, t)
	case Text:
		for _, p := range t {
			walk(p, at, visit)
		}
	case []any:
		for _, x := range t {
			walk(x, at, visit)
		}
	case map[string]any:
		if k, ok := t["Key"].(string); ok { // a list of names and values
			at += "." + k
		}
		for _, k := range slices.Sorted(maps.Keys(t)) {
			walk(t[k], strings.TrimPrefix(at+"."+k, "."), visit)
		}
	}
}

// keys are the names of an object's properties, in order.
func keys(v value) []string {
	m, _ := v.v.(map[string]any)
	return slices.Sorted(maps.Keys(m))
}

// isWord tells if it is true, false or a number: a setting and no secret.
func (v value) isWord() bool {
	_, err := strconv.ParseFloat(v.text(), 64)
	return err == nil || v.yes() || v.no()
}
