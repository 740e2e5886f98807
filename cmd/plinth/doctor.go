package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/doctor"
)

// doctorFlags are those of plinth doctor.
type doctorFlags struct {
	severity, failOn string
	rules            []string
	list, json, live bool

	store, raw, catalog, queue, lanes string
}

func newDoctor(c console) *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [FOLDER|TEMPLATE...]",
		Short: "Tell what is unsafe, fragile or wasteful in an installation on AWS",
		Long: `Doctor reads CloudFormation templates, which need not be deployed, or with --live asks
AWS how buckets, queues and the table are set up. It tells of open buckets, missing
dead-letter queues, backups, alarms and certificates, of wide permissions, of limits that
are near, and of what costs money for nothing. It changes nothing.

A FOLDER is what cdk synth wrote; all of its templates are looked at together. What is
meant to be is suppressed by Metadata of a resource, and must have a reason:

  "Metadata": {"plinth": {"doctor": [{"id": "bucket-versioning", "reason": "..."}]}}

Rules about no single resource are suppressed by Metadata of a template.

With --live, credentials and region come from where the AWS SDK looks for them. What they
don't allow to see is a finding: it is not known to be right.

Exit code 1 says that something was found, at --fail-on or worse. What --severity and
--rule leave out doesn't count.`,
		Example: `  plinth doctor infra/cdk.out
  plinth doctor cdk.out --severity error --json | jq -r .resource
  plinth doctor --list
  plinth doctor --live --store s3://plinth-derived --catalog dynamodb://plinth --queue sqs://plinth --raw s3://plinth-raw`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, places []string) error { return runDoctor(cmd.Context(), c, f, places) },
	}
	f.add(cmd)
	return cmd
}

func (f *doctorFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.severity, "severity", "note", "tell of what is so bad or worse: note, warning or error")
	flags.StringVar(&f.failOn, "fail-on", "warning", "end with 1 if something is so bad or worse: note, warning, error or never")
	flags.StringSliceVar(&f.rules, "rule", nil, "look for these only; --list names them")
	flags.BoolVar(&f.list, "list", false, "list all rules")
	flags.BoolVar(&f.json, "json", false, "print JSON, one finding a line")
	flags.BoolVar(&f.live, "live", false, "look at what runs, not at templates")
	flags.StringVar(&f.store, "store", "", "with --live: s3://BUCKET/PREFIX, where files are kept")
	flags.StringVar(&f.raw, "raw", "", "with --live: s3://BUCKET/PREFIX, where uploads arrive")
	flags.StringVar(&f.catalog, "catalog", "", "with --live: dynamodb://TABLE")
	flags.StringVar(&f.queue, "queue", "", "with --live: sqs://NAME, the queues NAME-interactive and so on")
	flags.StringVar(&f.lanes, "lanes", asset.DefaultLanes, "with --live: lanes of the queue")
}

func runDoctor(ctx context.Context, c console, f doctorFlags, places []string) error {
	if err := f.check(places); err != nil {
		return err
	}
	if f.list {
		return listRules(c, f.chosen(), f.json)
	}
	e, err := f.estate(ctx, places)
	if err != nil {
		return err
	}
	found := slices.DeleteFunc(doctor.Examine(e), func(x doctor.Finding) bool {
		return !x.Severity.AtLeast(doctor.Severity(f.severity)) || len(f.rules) > 0 && !slices.Contains(f.rules, x.Rule)
	})
	if f.json {
		err = printJSON(c, found...)
	} else {
		err = printFindings(c, found, e.Len())
	}
	bad := func(x doctor.Finding) bool { return f.failOn != never && x.Severity.AtLeast(doctor.Severity(f.failOn)) }
	if err == nil && slices.ContainsFunc(found, bad) {
		return failed{exitInput}
	}
	return err
}

// never is the --fail-on that nothing fails on.
const never = "never"

func (f *doctorFlags) check(places []string) error {
	known := func(s string) bool { return slices.Contains(doctor.Severities, doctor.Severity(s)) }
	switch {
	case !known(f.severity):
		return usageError{fmt.Errorf("--severity is %q, not note, warning or error", f.severity)}
	case !known(f.failOn) && f.failOn != never:
		return usageError{fmt.Errorf("--fail-on is %q, not note, warning, error or never", f.failOn)}
	}
	for _, id := range f.rules {
		if !slices.ContainsFunc(doctor.Rules(), func(r doctor.Rule) bool { return r.ID == id }) {
			return usageError{fmt.Errorf("--rule: there is no rule %q; plinth doctor --list names them", id)}
		}
	}
	switch {
	case f.list:
		return nil
	case f.live && len(places) > 0:
		return usageError{errors.New("--live looks at what runs, and templates at what is declared: give one of them")}
	case f.live && f.store+f.raw+f.catalog+f.queue == "":
		return usageError{errors.New("--live wants --store, --raw, --catalog or --queue: what to look at")}
	case !f.live && len(places) == 0:
		return usageError{errors.New("doctor wants a folder that cdk synth wrote, templates, or --live")}
	case f.live:
		return f.checkPlaces()
	}
	return nil
}

// checkPlaces returns an error for a place that is none on AWS.
func (f *doctorFlags) checkPlaces() error {
	for _, p := range []struct{ flag, place, form string }{
		{"--store", f.store, "s3://BUCKET/PREFIX"},
		{"--raw", f.raw, "s3://BUCKET/PREFIX"},
		{"--catalog", f.catalog, "dynamodb://TABLE"},
		{"--queue", f.queue, "sqs://NAME"},
	} {
		scheme, _, _ := strings.Cut(p.form, "//")
		if p.place != "" && !strings.HasPrefix(p.place, scheme+"//") {
			return usageError{fmt.Errorf("%s is %q, not %s", p.flag, p.place, p.form)}
		}
	}
	return nil
}

// chosen are the rules that are asked for.
func (f *doctorFlags) chosen() []doctor.Rule {
	return slices.DeleteFunc(doctor.Rules(), func(r doctor.Rule) bool {
		return !r.Severity.AtLeast(doctor.Severity(f.severity)) || len(f.rules) > 0 && !slices.Contains(f.rules, r.ID)
	})
}

// estate is what is to be looked at.
func (f *doctorFlags) estate(ctx context.Context, places []string) (*doctor.Estate, error) {
	if !f.live {
		templates, err := readTemplates(places)
		if err != nil {
			return nil, err
		}
		return doctor.Parse(templates...)
	}
	lanes, err := parseLanes(f.lanes)
	if err != nil {
		return nil, err
	}
	p := cloud.Places{Store: f.store, Raw: f.raw, Catalog: f.catalog, Queue: strings.TrimPrefix(f.queue, "sqs://")}
	for _, l := range lanes {
		p.Lanes = append(p.Lanes, l.Name)
	}
	return cloud.Survey(ctx, p)
}

// readTemplates reads folders and single templates.
func readTemplates(places []string) (all []doctor.Template, err error) {
	for _, place := range places {
		info, err := os.Stat(place)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			t, err := doctor.ReadTemplate(os.DirFS(filepath.Dir(place)), filepath.Base(place))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", place, err)
			}
			all = append(all, t)
			continue
		}
		some, err := doctor.ReadFolder(os.DirFS(place))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", place, err)
		}
		all = append(all, some...)
	}
	return all, nil
}
