package cloud

import (
	"context"
	"errors"
	"fmt"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A Message is one that somebody else received, Lambda say, and deletes once it is done.
type Message struct {
	Body     string
	Receives int // times, this one included
}

// Take does what a message asks for, by the first lane: uploads are registered and their jobs
// sent there, a job is sent on. What isn't understood, or can't be accepted, goes to the lane's
// dead letters. Once Take has returned nil, the message is to be deleted; after an error it is
// to come again, which does no harm.
func (q *Queue) Take(ctx context.Context, m Message) error {
	lane := q.lanes[0]
	letter := &message{lane: lane, body: m.Body, count: m.Receives}
	a, err := decodeMessage(m.Body)
	if err != nil {
		return q.letter(ctx, letter, notUnderstood(err))
	}
	var jobs []asset.Job
	switch {
	case a.nothing:
		return nil
	case len(a.uploads) > 0:
		jobs, err = q.acceptAll(ctx, a.uploads)
	default:
		jobs = []asset.Job{a.job}
	}
	b, refused := notAccepted(err)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("take a message for %s: %w", lane.URL, ctx.Err())
	case refused:
		return errors.Join(q.sendAll(ctx, lane, jobs), q.letter(ctx, letter, b))
	case err != nil:
		return err
	}
	return q.sendAll(ctx, lane, jobs)
}

// letter buries a message that whoever received it deletes.
func (q *Queue) letter(ctx context.Context, m *message, b asset.Burial) error {
	err := q.sendLetter(ctx, m, b)
	if err == nil {
		q.tellBuried(m, b)
	}
	return err
}

// notUnderstood is why a message is buried that is none.
func notUnderstood(err error) asset.Burial {
	return asset.Burial{Failure: asset.Failure{Code: "not-understood", Stage: "receive", Reason: err.Error()}}
}

// notAccepted is why a message is buried with an upload that can't be taken, if err says that
// there is one.
func notAccepted(err error) (asset.Burial, bool) {
	refused := errors.Is(err, asset.ErrInvalid) || errors.Is(err, asset.ErrNotFound)
	if !refused {
		return asset.Burial{}, false
	}
	return asset.Burial{Failure: asset.Failure{Code: "not-accepted", Stage: "accept", Reason: err.Error()}}, true
}
