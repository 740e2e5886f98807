package doctor

import (
	"encoding/json"
	"fmt"
)

// Suppression is a rule that doesn't count for a resource, and why: in a template it is
// Metadata: {"plinth": {"doctor": [{"id": "bucket-versioning", "reason": "..."}]}}. The
// Metadata of a template as a whole has those of rules about no single resource.
type Suppression struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// suppressions reads those of a resource or template.
func (s *stack) suppressions(where string, metadata map[string]any) (all []*Suppression, err error) {
	ours, _ := metadata["plinth"].(map[string]any)
	if ours["doctor"] == nil {
		return nil, nil
	}
	text, err := json.Marshal(ours["doctor"])
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return nil, s.broken(where, `Metadata.plinth.doctor is not like [{"id": "bucket-versioning", "reason": "..."}]: %v`, err)
	}
	for _, x := range all {
		if x == nil || x.ID == "" {
			return nil, s.broken(where, "a suppression in Metadata.plinth.doctor has no id")
		}
	}
	return all, nil
}

// suppresses tells if a finding of a rule is to be left out.
func (r *Resource) suppresses(rule string, used map[*Suppression]bool) bool {
	for _, s := range r.suppressed {
		if s.ID == rule && s.Reason != "" {
			used[s] = true
			return true
		}
	}
	return false
}

// idle tells of suppressions that do nothing: they have no reason, or there is nothing to
// suppress any more and they would hide the next fault.
func (e *Estate) idle(used map[*Suppression]bool) (found []Finding) {
	for _, r := range e.resources {
		for _, s := range r.suppressed {
			what := ""
			switch {
			case s.Reason == "":
				what = fmt.Sprintf("the suppression of %.80s has no reason", s.ID)
			case !used[s]:
				what = fmt.Sprintf("the suppression of %.80s suppresses nothing", s.ID)
			}
			if what != "" {
				found = append(found, ruleSuppression.finding(r, what))
			}
		}
	}
	return found
}
