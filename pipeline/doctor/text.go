package doctor

import (
	"regexp"
	"strings"
)

// hole is a place in the text of Fn::Sub.
var hole = regexp.MustCompile(`\$\{(!?)([^}]*)\}`)

func (s *stack) sub(where string, arg any) (any, error) {
	text, ok := arg.(string)
	given := map[string]any{}
	if list, pair := arg.([]any); pair && len(list) == 2 {
		text, ok = list[0].(string)
		given, _ = list[1].(map[string]any)
	}
	if !ok {
		return nil, s.broken(where, "Fn::Sub wants a text")
	}
	var parts []any
	rest := 0
	for _, m := range hole.FindAllStringSubmatchIndex(text, -1) {
		parts = append(parts, text[rest:m[0]])
		rest = m[1]
		name := text[m[4]:m[5]]
		if m[2] != m[3] {
			parts = append(parts, "${"+name+"}")
			continue
		}
		v, err := s.fill(where, name, given)
		if err != nil {
			return nil, err
		}
		parts = append(parts, v)
	}
	return s.flatten(where, append(parts, text[rest:]))
}

func (s *stack) fill(where, name string, given map[string]any) (any, error) {
	if v, ok := given[name]; ok {
		return s.resolve(where, v)
	}
	id, attribute, _ := strings.Cut(name, ".")
	return s.ref(where, id, attribute)
}

func (s *stack) join(where string, separator, list any) (any, error) {
	from, ok := list.([]any)
	if !ok {
		return opaque(list), nil
	}
	var parts []any
	for i, x := range from {
		if i > 0 {
			parts = append(parts, separator)
		}
		parts = append(parts, x)
	}
	return s.flatten(where, parts)
}

// flatten puts parts together: a string if all is known, else a Text.
func (s *stack) flatten(where string, parts []any) (any, error) {
	var t Text
	var known strings.Builder
	size := 0
	end := func() {
		if known.Len() > 0 {
			t = append(t, known.String())
			known.Reset()
		}
	}
	var add func(p any)
	add = func(p any) {
		switch x := p.(type) {
		case Text:
			for _, y := range x {
				add(y)
			}
		case string, float64, bool:
			text := value{x}.text()
			size += len(text)
			known.WriteString(text)
		case absent:
		case Link, Opaque:
			end()
			t = append(t, x)
		default:
			end()
			t = append(t, Opaque(written(x)))
		}
	}
	for _, p := range parts {
		if add(p); size+16*len(t) > maxText {
			return nil, s.broken(where, "a text of more than %d bytes", maxText)
		}
	}
	if s.world.grown += size + 16*len(t); s.world.grown > maxGrown {
		return nil, s.broken(where, "with it all texts have more than %d bytes", maxGrown)
	}
	if len(t) == 0 {
		return known.String(), nil
	}
	end()
	return t, nil
}
