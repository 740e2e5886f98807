package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Stats tells how the queue stands. It has one lane, and no dead letters: what can't
// succeed is in the catalog alone.
func (q *Queue) Stats(ctx context.Context) ([]asset.LaneStats, error) {
	// What a consumer tells of messages that wait is a moment old; the stream knows.
	stream, err := q.stream.Stream(ctx, streamName)
	if err != nil {
		return nil, fmt.Errorf("%w: ask the queue how it stands: %w", asset.ErrUnavailable, err)
	}
	i, err := q.consumer.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: ask the queue how it stands: %w", asset.ErrUnavailable, err)
	}
	leased := int64(i.NumAckPending)
	s := asset.LaneStats{Lane: "jobs", Waiting: max(int64(stream.CachedInfo().State.Msgs)-leased, 0), InFlight: leased}
	if s.Waiting > 0 {
		s.Oldest, err = oldest(ctx, stream, i.Delivered.Stream+1)
	}
	return []asset.LaneStats{s}, err
}

// oldest is the age of the first message from a place in the stream on.
func oldest(ctx context.Context, s jetstream.Stream, from uint64) (time.Duration, error) {
	m, err := s.GetMsg(ctx, from, jetstream.WithGetMsgSubject(subject+">"))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return 0, nil // it was leased and done in the meantime
	case err != nil:
		return 0, fmt.Errorf("%w: ask the queue how it stands: %w", asset.ErrUnavailable, err)
	}
	return max(time.Since(m.Time), 0), nil
}
