package doctor

import "fmt"

// verdict is what is known of a condition.
type verdict int

const (
	open verdict = iota // being decided
	holds
	fails
	unknown
)

func verdictOf(yes bool) verdict {
	if yes {
		return holds
	}
	return fails
}

// choose is Fn::If.
func (s *stack) choose(where string, arg any) (any, error) {
	list, _ := arg.([]any)
	if len(list) != 3 {
		return nil, s.broken(where, "Fn::If wants a condition and two values")
	}
	name, _ := list[0].(string)
	yes, err := s.decide(where, name)
	if err != nil {
		return nil, err
	}
	if yes {
		return s.resolve(where, list[1])
	}
	return s.resolve(where, list[2])
}

// wanted tells if what has a condition is made; "" is none.
func (s *stack) wanted(where, condition string) (bool, error) {
	if condition == "" {
		return true, nil
	}
	return s.decide(where, condition)
}

// decide tells if a condition holds. One that can't be decided is told, once, and holds.
func (s *stack) decide(where, name string) (bool, error) {
	_, before := s.decided[name]
	v, err := s.condition(where, name)
	if err != nil {
		return false, err
	}
	if v == unknown && !before {
		s.world.told = append(s.world.told, Finding{
			Rule: ruleCondition.ID, Pillar: ruleCondition.Pillar, Severity: ruleCondition.Severity, Stack: s.name,
			What: fmt.Sprintf("the condition %.200s depends on what is not in the template; all else is told as if it were true", name), Do: ruleCondition.Do,
		})
	}
	return v != fails, nil
}

func (s *stack) condition(where, name string) (verdict, error) {
	if v, ok := s.decided[name]; ok {
		if v == open {
			return v, s.broken("Conditions."+name, "it leads back to itself")
		}
		return v, nil
	}
	text, ok := s.doc.Conditions[name]
	if !ok {
		return unknown, s.broken(where, "there is no condition %.200q", name)
	}
	s.decided[name] = open
	v, err := s.evaluate("Conditions."+name, text)
	s.decided[name] = v
	return v, err
}

func (s *stack) evaluate(where string, v any) (verdict, error) {
	m, _ := v.(map[string]any)
	if len(m) != 1 {
		return unknown, s.broken(where, "it is no condition")
	}
	if name, ok := m["Condition"].(string); ok {
		return s.condition(where, name)
	}
	for name, arg := range m { // one
		list, _ := arg.([]any)
		switch {
		case name == "Fn::Equals" && len(list) == 2:
			return s.equals(where, list)
		case name == "Fn::Not" && len(list) == 1:
			v, err := s.evaluate(where, list[0])
			return [...]verdict{open: open, holds: fails, fails: holds, unknown: unknown}[v], err
		case name == "Fn::And", name == "Fn::Or":
			return s.several(where, list, verdictOf(name == "Fn::Or"))
		}
	}
	return unknown, s.broken(where, "it is no condition")
}

func (s *stack) equals(where string, list []any) (verdict, error) {
	v, err := s.resolve(where, list)
	if err != nil {
		return unknown, err
	}
	pair, _ := v.([]any)
	for _, x := range pair {
		switch x.(type) {
		case string, float64, bool:
		default:
			return unknown, nil
		}
	}
	return verdictOf(len(pair) == 2 && value{pair[0]}.text() == value{pair[1]}.text()), nil
}

// several is decided by the first that is as wanted: holds for Fn::Or, fails for Fn::And.
func (s *stack) several(where string, list []any, wanted verdict) (verdict, error) {
	result := verdictOf(wanted == fails)
	for _, x := range list {
		switch v, err := s.evaluate(where, x); {
		case err != nil:
			return unknown, err
		case v == wanted:
			return wanted, nil
		case v == unknown:
			result = unknown
		}
	}
	return result, nil
}
