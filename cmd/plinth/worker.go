package main

import (
	"context"
	"errors"
	"net/url"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/plinth3d/plinth/pipeline"
)

func newWorker(c console) *cobra.Command {
	var s settings
	var admin string
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Only take jobs and make levels",
		Long: `Worker takes jobs from the queue and makes their levels. Several workers share a
queue that is a NATS server or in SQS; the local queue belongs to one process.

A job is done by the recipe it was sent with. --recipe is for what arrives at --raw.

On AWS nothing is kept in the data folder but files on their way. Credentials, region
and other endpoints come from where the AWS SDK looks for them.`,
		Example: `  plinth worker --data /var/lib/plinth --queue nats://127.0.0.1:4222 --slots 2
  plinth worker --store s3://plinth-derived --catalog dynamodb://plinth --queue sqs://plinth --raw s3://plinth-raw/raw
  plinth worker --store s3://plinth-derived --catalog dynamodb://plinth --queue sqs://plinth --lanes backfill=1 --metrics emf --admin :9090`,
		Args: args(0, 0, "nothing"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runWorker(cmd.Context(), c, s, admin) },
	}
	s.addData(cmd)
	s.addWork(cmd)
	s.addRaw(cmd)
	s.addMetrics(cmd)
	cmd.Flags().StringVar(&admin, "admin", "", "address for /metrics, /healthz and /readyz; empty is none")
	return cmd
}

func runWorker(ctx context.Context, c console, s settings, admin string) (err error) {
	h, err := s.open(ctx, c, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	w, figures, err := h.worker()
	if err != nil {
		return err
	}
	pipeline.LimitMemory(w.Memory)
	if err := h.resume(ctx); err != nil {
		return err
	}
	h.log.Info("worker", "queue", redacted(s.where.queue), "slots", s.slots, "memory", w.Memory)
	return together(ctx, func(ctx context.Context) error { return figures.run(ctx, c.out) },
		w.Run, h.adopt, func(ctx context.Context) error { return figures.serve(ctx, admin) })
}

// together runs parts until ctx is done or one fails. What counts goes on until the others have
// ended, so that nothing they do last is missed.
func together(ctx context.Context, count func(context.Context) error, parts ...func(context.Context) error) error {
	counting, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	counted := make(chan error, 1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		go func() { counted <- count(counting) }()
		select {
		case err := <-counted:
			counted <- nil
			return err // nothing counts any more
		case <-ctx.Done():
			return nil
		}
	})
	for _, part := range parts {
		group.Go(func() error { return part(ctx) })
	}
	err := group.Wait()
	stop()
	return errors.Join(err, <-counted)
}

// redacted is an address without a password.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "?"
	}
	return u.Redacted()
}
