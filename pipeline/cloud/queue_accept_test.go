package cloud

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
)

// arrival is what S3 sends for files that arrived.
func arrival(keys ...string) string {
	var records []string
	for _, k := range keys {
		records = append(records, fmt.Sprintf(`{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"raw"},"object":{"key":%q,"size":9,"eTag":"e"}}}`, k))
	}
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}

func TestAnUploadBecomesAJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		c.Accept = func(ctx context.Context, u Upload) (asset.Job, error) {
			if u != (Upload{"raw", "raw/m/a.glb", "e", 9, "m", "a"}) {
				t.Errorf("got %+v", u)
			}
			pause(ctx, nil, 2*c.LeaseTime) // it takes longer than a lease
			return jobOf(u.Merchant, u.Model), ctx.Err()
		}
		q := begin(t, s, c)
		s.Send("jobs", arrival("raw/m/a.glb"))
		l := mustLease(t, q)
		if l.Job() != jobOf("m", "a") || l.message.count != 1 || len(l.message.asks.uploads) > 0 {
			t.Errorf("got %v, receipt %d of %+v", l.Job(), l.message.count, l.message.asks)
		}
		must(t, l.Extend(t.Context()))
		must(t, l.Done(t.Context()))
		must(t, s.Length(t.Context(), "jobs", 0))
	})
}

func TestSeveralUploadsBecomeJobsOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		c.Accept = func(_ context.Context, u Upload) (asset.Job, error) {
			if u.Model == "known" {
				return asset.Job{}, asset.ErrConflict
			}
			return jobOf(u.Merchant, u.Model), nil
		}
		q := begin(t, s, c)
		s.Send("jobs", arrival("raw/m/a.glb", "raw/m/known.glb", "raw/n/b.glb"))
		s.Send("jobs", arrival("raw/m/known.glb"))
		got := map[asset.Job]bool{}
		for range 2 {
			l := mustLease(t, q)
			got[l.Job()] = true
			must(t, l.Done(t.Context()))
		}
		if !got[jobOf("m", "a")] || !got[jobOf("n", "b")] {
			t.Errorf("got %v", got)
		}
		must(t, s.Length(t.Context(), "jobs", 0))
	})
}

func TestUploadsThatAreNotAccepted(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		calls int32
		told  int // errors of Lease
		code  string
	}{
		"an invalid one is buried":                  {fmt.Errorf("%w: no GLB", asset.ErrInvalid), 1, 0, "not-accepted"},
		"one that is gone is buried":                {fmt.Errorf("%w: it is gone", asset.ErrNotFound), 1, 0, "not-accepted"},
		"one that always fails is tried five times": {errors.New("a fault"), 5, 5, "exhausted"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, config := shop(t, "jobs")
				var calls atomic.Int32
				config.Accept = func(context.Context, Upload) (asset.Job, error) {
					calls.Add(1)
					return asset.Job{}, c.err
				}
				var buried []asset.Burial
				config.Buried = func(lane string, b asset.Burial) { buried = append(buried, b) }
				q := begin(t, s, config)
				body := arrival("raw/m/a.glb")
				s.Send("jobs", body)
				told := 0
				for len(s.Messages("jobs-dead")) == 0 {
					// What comes when nobody waits is put back, and its receipts count anew.
					patience := 30 * time.Second
					if c.calls > 1 {
						patience = 9 * time.Hour
					}
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					if l, err := q.Lease(ctx); err == nil {
						t.Fatalf("got %v", l.Job())
					} else if !errors.Is(err, context.DeadlineExceeded) {
						told++
					}
					cancel()
				}
				must(t, s.Length(t.Context(), "jobs", 0))
				m := s.Messages("jobs-dead")[0]
				if m.Body != body || m.Attributes[attrCode] != c.code || m.Attributes[attrReason] == "" {
					t.Errorf("the dead letter is %+v", m)
				}
				if len(buried) != 1 || buried[0].Code != c.code || buried[0].Reason == "" {
					t.Errorf("told that %+v are buried", buried)
				}
				if calls.Load() != c.calls || told != c.told {
					t.Errorf("%d calls, told %d times, want %d and %d", calls.Load(), told, c.calls, c.told)
				}
			})
		})
	}
}

func TestUploadsWaitUntilTheyCanBeRegistered(t *testing.T) {
	for name, takes := range map[string]bool{"a catalog that doesn't answer is asked until it does": true, "a process that takes none leaves them to others": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, config := shop(t, "jobs")
				var away atomic.Bool
				away.Store(true)
				accept := func(_ context.Context, u Upload) (asset.Job, error) {
					if away.Load() {
						return asset.Job{}, fmt.Errorf("%w: it is away", asset.ErrUnavailable)
					}
					return jobOf(u.Merchant, u.Model), nil
				}
				if takes {
					config.Accept = accept
				}
				q := begin(t, s, config)
				s.Send("jobs", arrival("raw/m/a.glb"))
				for range 3 * MaxReceives {
					if l, err := q.Lease(t.Context()); err == nil {
						t.Fatalf("got %v", l.Job())
					}
				}
				if n := len(s.Messages("jobs-dead")); n > 0 {
					t.Fatalf("%d dead letters", n)
				}
				away.Store(false)
				config.Accept = accept
				if l := mustLease(t, begin(t, s, config)); l.Job() != jobOf("m", "a") {
					t.Errorf("got %v", l.Job())
				}
			})
		})
	}
}

func TestAnUploadIsReleasedWhenItsCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		c.Accept = func(ctx context.Context, _ Upload) (asset.Job, error) {
			<-ctx.Done()
			return asset.Job{}, ctx.Err()
		}
		q := begin(t, s, c)
		s.Send("jobs", arrival("raw/m/a.glb"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := q.Lease(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if m := s.Messages("jobs"); len(m) != 1 || m[0].Visible.After(time.Now()) {
			t.Errorf("the message is %+v", m)
		}
	})
}

func TestWhatIsNoJobDoesNotReachAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		const test = `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"raw"}`
		odd := []string{"", "no JSON", `{}`, arrival("raw/m/a.txt"), `{"plinth":2,"merchant":"m","model":"a","version":"1"}`}
		s.Send("jobs", test)
		for _, body := range odd {
			s.Send("jobs", body)
		}
		s.Break("SendMessage", "jobs-dead", sqstest.Times(1, sqstest.Status(500, "InternalFailure"))) // it is tried again
		mustSend(t, q, jobOf("m", "good"))
		if l := mustLease(t, q); l.Job() != jobOf("m", "good") {
			t.Errorf("got %v", l.Job())
		}
		must(t, s.Length(t.Context(), "jobs", 1))
		must(t, s.Length(t.Context(), "jobs-dead", len(odd)))
		bodies := map[string]bool{}
		for _, m := range s.Messages("jobs-dead") {
			bodies[m.Body] = true
			if m.Attributes[attrCode] != "not-understood" || !strings.Contains(m.Attributes[attrReason], "not understood") {
				t.Errorf("a dead letter is %+v", m)
			}
		}
		for _, body := range odd {
			if !bodies[body] {
				t.Errorf("%q has changed", body)
			}
		}
	})
}
