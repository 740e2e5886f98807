package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
)

type jobsShowOptions struct {
	settings
	merchant string
	json     bool
}

func newJobsShow(c console) *cobra.Command {
	var o jobsShowOptions
	cmd := &cobra.Command{
		Use:   "show MODEL[@VERSION]",
		Short: "Tell all that is known of a job: attempts, failure, how to see it again, its dead letter",
		Example: `  plinth jobs show chair
  plinth jobs show acme/chair@4f2a9c01d2e3b4a5 --json
  plinth jobs show chair --json | jq -r .failure.reproduce | sh`,
		Args: args(1, 1, "one model"),
		RunE: func(cmd *cobra.Command, args []string) error { return runJobsShow(cmd.Context(), c, o, args[0]) },
	}
	o.addOperator(cmd)
	cmd.Flags().StringVar(&o.merchant, "merchant", asset.Merchant, "whose model, unless it is MERCHANT/MODEL")
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON")
	cmd.ValidArgsFunction = o.models(c, &o.merchant, 1)
	return cmd
}

// jobStatus is all that is known of a job.
type jobStatus struct {
	asset.Version
	Newest      bool         `json:"newest"` // of the model's uploads
	DeadLetters []deadLetter `json:"deadLetters"`
}

func runJobsShow(ctx context.Context, c console, o jobsShowOptions, name string) (err error) {
	j, err := parseRef(name, o.merchant)
	if err != nil {
		return err
	}
	h, err := o.operator(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	s := jobStatus{DeadLetters: []deadLetter{}}
	if s.Version, s.Newest, err = find(ctx, h.catalog, j); err != nil {
		return err
	}
	if s.State != asset.Ready {
		letters, err := h.letters(ctx)
		if err != nil {
			return err
		}
		for _, b := range letters {
			if b.Job == s.Ref() {
				s.DeadLetters = append(s.DeadLetters, o.letter(b))
			}
		}
	}
	if o.json {
		return json.NewEncoder(c.out).Encode(s)
	}
	return s.print(c)
}

func (s jobStatus) print(c console) error {
	state := string(s.State)
	if s.Stage != "" {
		state += fmt.Sprintf(", %s, %.0f %%", s.Stage, s.Percent)
	}
	lines := []string{
		"model      " + nameOf(s.Ref()), "version    " + s.Version.Version, "state      " + state,
		fmt.Sprintf("attempts   %d", s.Attempts), fmt.Sprintf("live       %v", s.Live), fmt.Sprintf("newest     %v", s.Newest),
		fmt.Sprintf("source     %s, %d bytes, unit %s", s.Source, s.Bytes, s.Unit), fmt.Sprintf("recipe     %s %s", s.Recipe.Name, s.Recipe.Hash),
		"submitted  " + when(s.Submitted), "changed    " + when(s.Updated),
	}
	if f := s.Failure; f != nil {
		lines = append(lines, "failure    "+f.Code+": "+f.Reason, "reproduce  "+f.Reproduce)
	}
	for _, f := range s.Findings {
		lines = append(lines, "finding    "+told(f))
	}
	for _, l := range s.DeadLetters {
		lines = append(lines, fmt.Sprintf("dead       %s in %s, %d receives, since %s", l.ID, l.Queue, l.Receives, when(l.Sent)))
	}
	for _, l := range lines {
		if _, err := fmt.Fprintln(c.out, l); err != nil {
			return err
		}
	}
	return nil
}

// letters are all dead letters, none where the queue has no such things.
func (h *home) letters(ctx context.Context) ([]cloud.BuriedJob, error) {
	if h.lanes == nil {
		return nil, nil
	}
	return h.lanes.Buried(ctx, math.MaxInt)
}
