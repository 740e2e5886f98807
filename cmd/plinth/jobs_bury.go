package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
)

type jobsBuryOptions struct {
	settings
	merchant, reason string
	json             bool
}

func newJobsBury(c console) *cobra.Command {
	var o jobsBuryOptions
	cmd := &cobra.Command{
		Use:   "bury MODEL[@VERSION] --reason WHY",
		Short: "End a job for good that waits",
		Long: `Bury ends a job that waits, with a reason that its merchant is told. Its message goes
when a worker takes it. A job that a worker is at is left to it; "redrive" has a job made
after all.`,
		Example: `  plinth jobs bury chair --reason "sent twice by mistake"`,
		Args:    args(1, 1, "one model"),
		RunE:    func(cmd *cobra.Command, args []string) error { return runJobsBury(cmd.Context(), c, o, args[0]) },
	}
	o.addData(cmd)
	cmd.Flags().StringVar(&o.merchant, "merchant", asset.Merchant, "whose model, unless it is MERCHANT/MODEL")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why (required)")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the job as JSON")
	cmd.ValidArgsFunction = o.models(c, &o.merchant, 1)
	return cmd
}

func runJobsBury(ctx context.Context, c console, o jobsBuryOptions, name string) (err error) {
	if o.reason == "" {
		return usageError{errors.New("bury needs --reason WHY")}
	}
	j, err := parseRef(name, o.merchant)
	if err != nil {
		return err
	}
	h, err := o.openThere(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	v, _, err := find(ctx, h.catalog, j)
	if err != nil {
		return err
	}
	if v.State == asset.Ready || v.State == asset.Failed {
		return fmt.Errorf("%w: version %s of %s is %s; only what waits is buried", asset.ErrInvalid, v.Version, nameOf(v.Ref()), v.State)
	}
	v, epoch, err := h.catalog.Claim(ctx, v.Ref(), 0)
	switch {
	case errors.Is(err, asset.ErrBusy):
		return fmt.Errorf("%w: a worker is at %s; only what waits is buried, so look again once it is not", asset.ErrInvalid, nameOf(j))
	case err != nil:
		return err
	}
	v.State, v.Failure = asset.Failed, &asset.Failure{Code: "buried", Stage: v.Stage, Reason: o.reason, Reproduce: h.reproduce(v)}
	if err := h.catalog.Fail(ctx, v.Ref(), epoch, *v.Failure); err != nil {
		return err
	}
	if o.json {
		return printJSON(c, v)
	}
	_, err = fmt.Fprintf(c.out, "%s: version %s is buried\n", nameOf(v.Ref()), v.Version)
	return err
}
