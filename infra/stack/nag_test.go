package stack

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// suppressions is how many findings of cdk-nag are accepted, with a reason each: by
// installation and rule. A finding more is a decision, and is seen here.
var suppressions = map[string]map[string]int{
	"dev":  {"AwsSolutions-CFR1": 1, "AwsSolutions-CFR3": 1, "AwsSolutions-ECS2": 3, "AwsSolutions-IAM4": 2, "AwsSolutions-IAM5": 17},
	"prod": {"AwsSolutions-AS3": 1, "AwsSolutions-CFR1": 1, "AwsSolutions-CFR3": 1, "AwsSolutions-ECS2": 4, "AwsSolutions-IAM4": 2, "AwsSolutions-IAM5": 29},
	"dr":   {"AwsSolutions-ECS2": 3, "AwsSolutions-IAM5": 17},
}

// A report of cdk-nag for one stack.
type report struct {
	Lines []struct {
		Rule       string `json:"ruleId"`
		Resource   string `json:"resourceId"`
		Compliance string `json:"compliance"`
		Reason     string `json:"exceptionReason"`
		Level      string `json:"ruleLevel"`
	} `json:"lines"`
}

func TestNoFindingOfNagIsOpen(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		if got, want := m.suppressed(t), suppressions[m.env]; !maps.Equal(got, want) {
			t.Errorf("suppressed are %v, want %v", got, want)
		}
	})
}

// suppressed counts findings that are accepted, by rule. One that isn't fails the test.
func (m *made) suppressed(t *testing.T) map[string]int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(m.dir, "AwsSolutions-*-NagReport.json"))
	if err != nil || len(files) != len(m.templates) {
		t.Fatalf("%d reports of %d stacks, %v", len(files), len(m.templates), err)
	}
	count, rules := map[string]int{}, 0
	for _, f := range files {
		var r report
		if err := load(f, &r); err != nil {
			t.Fatal(err)
		}
		rules += len(r.Lines)
		for _, l := range r.Lines {
			switch l.Compliance {
			case "Compliant", "N/A":
			case "Suppressed":
				count[l.Rule]++
				if len(strings.Fields(l.Reason)) < 5 {
					t.Errorf("%s of %s is suppressed because %q", l.Rule, l.Resource, l.Reason)
				}
			default:
				t.Errorf("%s %s: %s of %s", l.Level, l.Compliance, l.Rule, l.Resource)
			}
		}
	}
	if rules < 50 {
		t.Errorf("%d lines of findings, want 50 or more: were all rules run?", rules)
	}
	return count
}

// A suppression is on one resource and what the CDK makes under it, never on a stack.
func TestNoStackIsExcusedAsAWhole(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for name, template := range m.templates {
			if at(template, "Metadata", "cdk_nag") != nil {
				t.Errorf("%s has suppressions of its own", name)
			}
		}
	})
}

// Errors and warnings that constructs leave are errors here; validation's end the synthesis.
func TestTheCDKHasNothingToSay(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		files, err := filepath.Glob(filepath.Join(m.dir, "*.metadata.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%d files of metadata, %v", len(files), err)
		}
		for _, f := range files {
			var all map[string][]struct {
				Type string          `json:"type"`
				Data json.RawMessage `json:"data"`
			}
			if err := load(f, &all); err != nil {
				t.Fatal(err)
			}
			for _, path := range slices.Sorted(maps.Keys(all)) {
				for _, e := range all[path] {
					if e.Type == "aws:cdk:error" || e.Type == "aws:cdk:warning" {
						t.Errorf("%s: %s: %s", path, e.Type, e.Data)
					}
				}
			}
		}
		var v struct {
			Reports []struct {
				Plugin     string `json:"pluginName"`
				Conclusion string `json:"conclusion"`
				Violations []any  `json:"violations"`
			} `json:"pluginReports"`
		}
		if err := load(filepath.Join(m.dir, "validation-report.json"), &v); err != nil {
			t.Fatal(err)
		}
		if len(v.Reports) == 0 {
			t.Error("nobody validated the templates")
		}
		for _, r := range v.Reports {
			if r.Conclusion != "success" || len(r.Violations) > 0 {
				t.Errorf("%s: %s, %d findings", r.Plugin, r.Conclusion, len(r.Violations))
			}
		}
	})
}

// What is synthesised needs nothing of the account: no look-up left its mark.
func TestNothingIsLookedUp(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		var manifest struct {
			Missing []any `json:"missing"`
		}
		if err := load(filepath.Join(m.dir, "manifest.json"), &manifest); err != nil {
			t.Fatal(err)
		}
		if len(manifest.Missing) > 0 {
			t.Errorf("look-ups: %v", manifest.Missing)
		}
		if _, err := os.Stat("cdk.context.json"); err == nil {
			t.Error("there is a cdk.context.json")
		}
	})
}
