package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline"
)

func newWorker(c console) *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Only take jobs and make levels",
		Long: `Worker takes jobs from the queue and makes their levels. Several workers share a
queue that is a NATS server; the local queue belongs to one process.`,
		Example: `  plinth worker --data /var/lib/plinth --queue nats://127.0.0.1:4222 --slots 2`,
		Args:    args(0, 0, "nothing"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runWorker(cmd.Context(), c, s) },
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
	if _, err := pipeline.Resume(ctx, h.catalog, h.jobs); err != nil {
		return err
	}
	h.log.Info("worker", "queue", s.queue, "slots", s.slots)
	return w.Run(ctx)
}
