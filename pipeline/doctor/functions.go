package doctor

import (
	"encoding/json"
	"strings"
)

// absent is the value of AWS::NoValue.
type absent struct{}

// resolve returns a value with CloudFormation's functions in it resolved as far as the
// templates tell. where is for errors.
func (s *stack) resolve(where string, v any) (any, error) {
	switch t := v.(type) {
	case []any:
		list := make([]any, 0, len(t))
		for _, x := range t {
			y, err := s.resolve(where, x)
			if err != nil {
				return nil, err
			}
			if y != (absent{}) {
				list = append(list, y)
			}
		}
		return list, nil
	case map[string]any:
		if name, arg, ok := function(t); ok {
			return s.call(where, name, arg)
		}
		made := make(map[string]any, len(t))
		for k, x := range t {
			y, err := s.resolve(where, x)
			if err != nil {
				return nil, err
			}
			if y != (absent{}) {
				made[k] = y
			}
		}
		return made, nil
	}
	return v, nil
}

// function tells if an object is one of CloudFormation's functions.
func function(m map[string]any) (name string, arg any, ok bool) {
	for k, v := range m {
		name, arg = k, v
	}
	return name, arg, len(m) == 1 && (name == "Ref" || strings.HasPrefix(name, "Fn::"))
}

func (s *stack) call(where, name string, arg any) (any, error) {
	switch name {
	case "Ref":
		id, _ := arg.(string)
		return s.ref(where, id, "")
	case "Fn::GetAtt":
		return s.getAtt(where, arg)
	case "Fn::Sub":
		return s.sub(where, arg)
	case "Fn::If":
		return s.choose(where, arg)
	}
	in, err := s.resolve(where, arg)
	if err != nil {
		return nil, err
	}
	list, _ := in.([]any)
	switch {
	case name == "Fn::Join" && len(list) == 2:
		return s.join(where, list[0], list[1])
	case name == "Fn::Select" && len(list) == 2:
		from, ok := list[1].([]any)
		if i := int(value{list[0]}.number(-1)); ok && i >= 0 && i < len(from) {
			return from[i], nil
		}
	case name == "Fn::ImportValue":
		x := export{s.region, value{in}.text()}
		if from := s.world.exports[x]; from != nil {
			return from.output(s.world.names[x])
		}
	}
	return opaque(map[string]any{name: in}), nil
}

// opaque is what a template alone doesn't tell, with the links in it.
func opaque(v any) any {
	t := Text{Opaque(written(v))}
	value{v}.links(func(l Link) { t = append(t, l) })
	if len(t) == 1 {
		return t[0]
	}
	return t
}

// written is how a value is written, for comparison.
func written(v any) string {
	text, err := json.Marshal(v)
	if err != nil || len(text) > 1000 {
		return "a large value"
	}
	return string(text)
}

// MarshalJSON writes which resource it is.
func (l Link) MarshalJSON() ([]byte, error) {
	return json.Marshal([]string{l.To.Stack, l.To.ID, l.Attribute})
}

// ref is a resource, parameter or pseudo parameter, or an attribute of a resource.
func (s *stack) ref(where, id, attribute string) (any, error) {
	if r, ok := s.resources[id]; ok {
		return Link{r, attribute}, nil
	}
	if p, ok := s.doc.Parameters[id]; ok {
		switch p.Default.(type) {
		case string, float64, bool:
			if !strings.HasPrefix(p.Type, "AWS::SSM::") { // whose default is only a name
				return p.Default, nil
			}
		}
		return Opaque(id), nil
	}
	switch {
	case id == "AWS::NoValue":
		return absent{}, nil
	case id == "AWS::Region" && s.region != "":
		return s.region, nil
	case id == "AWS::StackName":
		return s.name, nil
	case strings.HasPrefix(id, "AWS::"):
		return Opaque(id), nil
	}
	return nil, s.broken(where, "it refers to %.200q, which is not there", id)
}

func (s *stack) getAtt(where string, arg any) (any, error) {
	switch t := arg.(type) {
	case string:
		id, attribute, _ := strings.Cut(t, ".")
		return s.ref(where, id, attribute)
	case []any:
		if len(t) == 2 {
			id, _ := t[0].(string)
			attribute, _ := t[1].(string)
			return s.ref(where, id, attribute)
		}
	}
	return nil, s.broken(where, "Fn::GetAtt wants a resource and an attribute")
}
