package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/lambda"
)

func newLambda(c console) *cobra.Command {
	// It leases nothing, so it has no flags for that.
	s := settings{lease: leaseTime, slots: 1}
	cmd := &cobra.Command{
		Use:   "lambda",
		Short: "Only register uploads to a bucket, as a function on AWS Lambda",
		Long: `Lambda is started by AWS Lambda, from the same image as all else, with events of a queue
that S3 tells of uploads; S3 itself, SNS and EventBridge are understood. It registers each
upload as workers do and sends its job to the first lane. An upload that can't be used is
recorded as a version that has failed; what nobody understands goes to the lane's dead
letters.

Messages for which a backend fails come again: set the function up with
ReportBatchItemFailures.`,
		Example: `  plinth lambda --store s3://plinth-derived --catalog dynamodb://plinth --queue sqs://plinth --lanes interactive=1 --raw s3://plinth-raw/raw --data /tmp --log json`,
		Args:    args(0, 0, "nothing"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runLambda(cmd.Context(), c, s) },
	}
	s.addData(cmd)
	s.addQueue(cmd)
	s.addRaw(cmd)
	return cmd
}

func runLambda(ctx context.Context, c console, s settings) (err error) {
	address := os.Getenv(lambda.Variable)
	if address == "" {
		return usageError{fmt.Errorf("%s is not set: AWS Lambda does so, and starts this; elsewhere it is worker that registers uploads", lambda.Variable)}
	}
	api, err := lambda.New(address)
	if err != nil {
		return usageError{err}
	}
	h, err := s.openTaker(ctx, c)
	if err != nil {
		return errors.Join(err, api.FailInit(context.WithoutCancel(ctx), err))
	}
	defer func() { err = errors.Join(err, h.close()) }()
	h.log.Info("lambda", "queue", s.where.queue, "raw", s.where.raw)
	return api.Run(ctx, lambda.Each(h.take))
}

// openTaker opens what registers uploads.
func (s *settings) openTaker(ctx context.Context, c console) (*home, error) {
	if s.where.raw == "" {
		return nil, usageError{errors.New("--raw is missing: which uploads are meant?")}
	}
	return s.open(ctx, c, true) // with --raw, it wants lanes of SQS
}

// take does what one message asks for.
func (h *home) take(ctx context.Context, m lambda.Message) error {
	began := time.Now()
	err := h.lanes.Take(ctx, cloud.Message{Body: m.Body, Receives: m.Receives})
	h.log.Info("message", "id", m.ID, "receives", m.Receives, "ms", time.Since(began).Milliseconds(), "err", err)
	return err
}
