package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/origin"
	"github.com/plinth3d/plinth/pipeline/metrics"
)

func newMetrics(c console) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "metrics",
		Short: "List all metrics that workers and the origin tell Prometheus and CloudWatch",
		Long: `Metrics lists the name, kind, unit and labels of all metrics. The names are the same
with Prometheus and with CloudWatch, where labels are dimensions and the sets after
"and" are told as well, for alarms.`,
		Example: `  plinth metrics
  plinth metrics --json | jq -r .name`,
		Args: args(0, 0, "nothing"),
		RunE: func(*cobra.Command, []string) error { return runMetrics(c, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, a line for each")
	return cmd
}

func runMetrics(c console, asJSON bool) error {
	all := append(metrics.All(), origin.AllMetrics()...)
	if asJSON {
		return printJSON(c, all...)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.SetColumnConfigs([]table.ColumnConfig{{Name: "What", WidthMax: 60, WidthMaxEnforcer: text.WrapSoft}})
	t.AppendHeader(table.Row{"Metric", "Kind", "Unit", "Labels", "CloudWatch", "What"})
	for _, m := range all {
		t.AppendRow(table.Row{m.Name, m.Kind, m.Unit, labels(m.Labels), dimensions(m), m.Help})
	}
	_, err := fmt.Fprintln(c.out, t.Render())
	return err
}

// labels names a set of labels, "-" where it is empty.
func labels(set []string) string {
	if len(set) == 0 {
		return "-"
	}
	return strings.Join(set, ",")
}

// dimensions says how CloudWatch is told a metric.
func dimensions(m metrics.Metric) string {
	if m.PrometheusOnly {
		return "no"
	}
	sets := make([]string, len(m.Totals))
	for i, set := range m.Totals {
		sets[i] = " and " + labels(set)
	}
	return labels(m.Labels) + strings.Join(sets, "")
}
