package stack

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/plinth3d/plinth/pipeline/doctor"
)

// What customers are told by `plinth doctor` about their installation holds for ours.
func TestTheDoctorFindsNothing(t *testing.T) {
	for _, env := range []string{"prod", "dr"} {
		t.Run(env, func(t *testing.T) {
			m := installation(t, env)
			var all []doctor.Template
			for _, stack := range slices.Sorted(maps.Keys(m.templates)) {
				text, err := json.Marshal(m.templates[stack])
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, doctor.Template{Stack: stack, Region: m.config.Region, Text: text})
			}
			e, err := doctor.Parse(all...)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range doctor.Examine(e) {
				t.Errorf("%s %s: %s/%s: %s: %s; %s", f.Severity, f.Rule, f.Stack, f.Resource, f.Path, f.What, f.Do)
			}
		})
	}
}
