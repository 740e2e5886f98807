package metrics

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// page is what Prometheus is told.
func page(t *testing.T, w *Worker) string {
	t.Helper()
	answer := httptest.NewRecorder()
	w.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("status %d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(text, l+"\n") {
			t.Errorf("no line %s in\n%s", l, text)
		}
	}
}

func TestPrometheusIsTold(t *testing.T) {
	w := NewWorker(func() State { return State{Slots: 2, Busy: 1, Budget: 1 << 30, InUse: 1 << 20} })
	w.Attempt(chair("done"))
	w.Attempt(chair("done"))
	w.Attempt(Attempt{Outcome: "no such", Stage: "no such", In: -5})
	w.Attempt(Attempt{Outcome: "retried"})
	w.lanes([]asset.LaneStats{{Lane: "bulk", Waiting: 7, InFlight: 2, Dead: 1, Oldest: 90 * time.Second}})
	text := page(t, w)
	wantLines(t, text,
		`plinth_jobs_total{outcome="done",stage="publish"} 2`, `plinth_jobs_total{outcome="other",stage="other"} 1`, `plinth_jobs_total{outcome="retried",stage="-"} 1`,
		`plinth_job_seconds_sum{outcome="done"} 18`, `plinth_job_seconds_bucket{outcome="done",le="10"} 2`, `plinth_job_seconds_bucket{outcome="done",le="3"} 0`,
		`plinth_job_memory_wait_seconds_count 4`, `plinth_stage_seconds_sum{stage="textures"} 10`, `plinth_stage_cpu_seconds_sum{stage="textures"} 16`,
		`plinth_job_bytes_total{direction="in"} 5.6e+06`, `plinth_job_bytes_total{direction="out"} 1e+07`,
		`plinth_job_dollars_total{part="cpu"} 0.002`, `plinth_job_dollars_total{part="store"} 0.0001`,
		`plinth_queue_depth{lane="bulk"} 7`, `plinth_queue_in_flight{lane="bulk"} 2`, `plinth_queue_dead_letters{lane="bulk"} 1`,
		`plinth_queue_oldest_seconds{lane="bulk"} 90`, `plinth_queue_poll_errors_total 0`,
		`plinth_slots 2`, `plinth_slots_busy 1`, `plinth_memory_budget_bytes 1.073741824e+09`, `plinth_memory_in_use_bytes 1.048576e+06`,
	)
	if _, linux := resident(); linux && !regexp.MustCompile(`(?m)^plinth_memory_resident_bytes [1-9]`).MatchString(text) {
		t.Errorf("the resident memory is not told in\n%s", text)
	}
}

func TestTheTableIsSound(t *testing.T) {
	name := regexp.MustCompile(`^plinth_[a-z]+(_[a-z]+)*$`)
	var names []string
	for _, m := range All() {
		names = append(names, m.Name)
		for what, bad := range map[string]bool{
			"has a name that doesn't end as its kind and unit do": strings.HasSuffix(m.Name, "_total") != (m.Kind == Counter) ||
				m.Unit == Seconds != strings.HasSuffix(m.Name, "_seconds") || m.Unit == Bytes != strings.Contains(m.Name, "_bytes"),
			"has a bad name":                      !name.MatchString(m.Name),
			"has no help":                         !strings.HasSuffix(m.Help, "."),
			"is of no kind":                       !slices.Contains([]Kind{Counter, Gauge, Histogram}, m.Kind),
			"is of no unit":                       !slices.Contains([]string{Count, Seconds, Bytes, None}, m.Unit),
			"has buckets and is no histogram":     (m.Buckets != nil) != (m.Kind == Histogram),
			"is a gauge, whose sums mean nothing": m.Kind == Gauge && m.Totals != nil,
			"has buckets out of order":            !slices.IsSorted(m.Buckets),
			"has a total by what is none its label": slices.ContainsFunc(m.Totals, func(set []string) bool {
				return slices.ContainsFunc(set, func(l string) bool { return !slices.Contains(m.Labels, l) })
			}),
		} {
			if bad {
				t.Errorf("%s %s", m.Name, what)
			}
		}
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != len(All()) {
		t.Errorf("a name is there twice among %q", names)
	}
	only := Metric{Name: "x", Labels: []string{"a"}, PrometheusOnly: true}
	if d := only.Dimensions(); d != nil {
		t.Errorf("CloudWatch isn't told of it, and it has dimensions %q", d)
	}
	if d := jobs.Dimensions(); !cmp.Equal(d, [][]string{{"outcome", "stage"}, {"outcome"}}) {
		t.Errorf("got dimensions %q", d)
	}
}

// Each series costs as much as 60,000 writes to S3, so their number is pinned: at 30 cents a
// month, the most that a fleet with three lanes can have, and seldom half of that.
func TestCloudWatchHasFewSeries(t *testing.T) {
	values := map[string]int{
		lane: 3, outcome: len(Outcomes()) + 1, stage: len(Stages()) + 1, direction: 2, part: 6,
	}
	series := 0
	for _, m := range All() {
		for _, set := range m.Dimensions() {
			n := 1
			for _, label := range set {
				n *= values[label]
			}
			series += n
		}
	}
	if series != 156 {
		t.Errorf("got %d series, want 156", series)
	}
}

// asked is a queue that says each time what it is told to.
type asked struct {
	answers chan func() ([]asset.LaneStats, error)
}

func (a asked) Stats(ctx context.Context) ([]asset.LaneStats, error) {
	select {
	case answer := <-a.answers:
		return answer()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestAQueueThatDoesNotAnswerHasNoGauges(t *testing.T) {
	w := NewWorker(func() State { return State{} })
	ctx, stop := context.WithCancel(t.Context())
	q, wrong, over := asked{make(chan func() ([]asset.LaneStats, error))}, make(chan error, 1), make(chan struct{})
	go func() {
		defer close(over)
		w.Poll(ctx, q, time.Millisecond, func(err error) { wrong <- err })
	}()
	good := func() ([]asset.LaneStats, error) { return []asset.LaneStats{{Lane: "bulk", Waiting: 7}}, nil }
	bad := func() ([]asset.LaneStats, error) { return nil, io.ErrUnexpectedEOF }
	q.answers <- good
	seen := make(chan string, 1)
	q.answers <- func() ([]asset.LaneStats, error) { seen <- page(t, w); return bad() } // the one before is counted by now
	wantLines(t, <-seen, `plinth_queue_depth{lane="bulk"} 7`)
	if err := <-wrong; !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("told %v", err)
	}
	text := page(t, w)
	wantLines(t, text, `plinth_queue_poll_errors_total 1`)
	if strings.Contains(text, "plinth_queue_depth{") {
		t.Errorf("old gauges are still in\n%s", text)
	}
	q.answers <- good
	stop()
	<-over
	select {
	case err := <-wrong:
		t.Errorf("its end is told as a fault: %v", err)
	default:
	}
}

// write is one that waits for its result.
type write struct {
	text   string
	result chan error
}

// passed hands writes to another goroutine.
type passed chan write

func (l passed) Write(p []byte) (int, error) {
	w := write{string(p), make(chan error)}
	l <- w
	return len(p), <-w.result
}

func TestTheRestIsToldAtTheEnd(t *testing.T) {
	w := NewWorker(func() State { return State{} })
	var out bytes.Buffer
	e, err := w.EMF(&out, "Plinth")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	w.Attempt(chair("drained"))
	stop()
	e.Run(ctx, time.Hour, func(err error) { t.Error(err) })
	if got, _ := sum(read(t, out.String()), "plinth_jobs_total", map[string]string{"outcome": "drained", "stage": "publish"}); got != 1 {
		t.Errorf("told of %g jobs, want 1", got)
	}
}

// A write that fails is told, and the next interval is told all the same.
func TestEachIntervalIsTold(t *testing.T) {
	w := NewWorker(func() State { return State{} })
	out, wrong, over := make(passed), make(chan error), make(chan struct{})
	e, err := w.EMF(out, "Plinth")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer close(over)
		e.Run(ctx, time.Millisecond, func(err error) { wrong <- err })
	}()
	w.Attempt(chair("done"))
	for range 3 {
		answer := <-out
		answer.result <- io.ErrShortWrite
		if err := <-wrong; !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("told %v", err)
		}
	}
	good := <-out
	good.result <- nil
	if got, _ := sum(read(t, good.text), "plinth_jobs_total", nil); got != 1 {
		t.Errorf("told of %g jobs, want 1", got)
	}
	stop()
	for {
		select {
		case more := <-out:
			more.result <- nil
		case <-over:
			return
		}
	}
}
