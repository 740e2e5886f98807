package asset_test

import (
	"context"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// plain is a lease that only retries.
type plain struct {
	asset.Lease
	retried []time.Duration
}

func (p *plain) Retry(_ context.Context, after time.Duration) error {
	p.retried = append(p.retried, after)
	return nil
}

// forgiving is one that can do so without counting.
type forgiving struct {
	plain
	postponed []time.Duration
}

func (f *forgiving) Postpone(_ context.Context, after time.Duration) error {
	f.postponed = append(f.postponed, after)
	return nil
}

func TestAJobIsPostponedAsItsQueueCan(t *testing.T) {
	var p plain
	var f forgiving
	for _, l := range []asset.Lease{&p, &f} {
		if err := asset.Postpone(t.Context(), l, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.retried) != 1 || p.retried[0] != time.Second {
		t.Errorf("the plain one retried after %v", p.retried)
	}
	if len(f.retried) != 0 || len(f.postponed) != 1 || f.postponed[0] != time.Second {
		t.Errorf("the forgiving one retried after %v, and was postponed by %v", f.retried, f.postponed)
	}
}
