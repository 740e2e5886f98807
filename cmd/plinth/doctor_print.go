package main

import (
	"fmt"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/plinth3d/plinth/pipeline/doctor"
)

// printFindings prints findings, and behind them what to do about each rule.
func printFindings(c console, found []doctor.Finding, resources int) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Severity", "Rule", "Stack", "Resource", "What"})
	counts := map[doctor.Severity]int{}
	var advice []string
	for _, x := range found {
		counts[x.Severity]++
		t.AppendRow(table.Row{x.Severity, x.Rule, x.Stack, x.Resource, x.What})
		if do := fmt.Sprintf("%s: %s", x.Rule, x.Do); !slices.Contains(advice, do) {
			advice = append(advice, do)
		}
	}
	if len(found) > 0 {
		if _, err := fmt.Fprintln(c.out, t.Render()); err != nil {
			return err
		}
	}
	for _, do := range advice {
		if _, err := fmt.Fprintln(c.out, do); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(c.out, "resources: %d; errors: %d, warnings: %d, notes: %d\n", resources, counts[doctor.Error], counts[doctor.Warning], counts[doctor.Note])
	return err
}

// listRules prints rules.
func listRules(c console, rules []doctor.Rule, asJSON bool) error {
	type row struct {
		doctor.Rule
		Live bool `json:"live"`
	}
	var rows []row
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Rule", "Pillar", "Severity", "Live", "What is wrong"})
	for _, r := range rules {
		live := ""
		if r.Live() {
			live = "too"
		}
		rows = append(rows, row{r, r.Live()})
		t.AppendRow(table.Row{r.ID, r.Pillar, r.Severity, live, r.Title})
	}
	if asJSON {
		return printJSON(c, rows...)
	}
	_, err := fmt.Fprintln(c.out, t.Render())
	return err
}
