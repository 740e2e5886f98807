package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

func newWorker(c console) *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Only take jobs and make levels",
		Long: `Worker takes jobs from the queue and makes their levels. Several workers share a
queue that is a NATS server or in SQS; the local queue belongs to one process.

On AWS nothing is kept in the data folder but files on their way. Credentials, region
and other endpoints come from where the AWS SDK looks for them.`,
		Example: `  plinth worker --data /var/lib/plinth --queue nats://127.0.0.1:4222 --slots 2
  plinth worker --store s3://plinth-derived --catalog dynamodb://plinth --queue sqs://plinth`,
		Args: args(0, 0, "nothing"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runWorker(cmd.Context(), c, s) },
	}
	s.addData(cmd)
	s.addWork(cmd)
	return cmd
}

func runWorker(ctx context.Context, c console, s settings) (err error) {
	h, err := s.open(ctx, c, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	w := h.worker()
	if err := h.resume(ctx); err != nil {
		return err
	}
	h.log.Info("worker", "queue", s.where.queue, "slots", s.slots)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.Run(ctx) })
	group.Go(func() error { return h.adopt(ctx) })
	return group.Wait()
}
