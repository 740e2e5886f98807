package pipeline

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCPUTimeIsSharedByWhatIsAtWork(t *testing.T) {
	var wall time.Time
	var cpu time.Duration
	m := NewMeter()
	m.now, m.cpu = func() time.Time { return wall }, func() time.Duration { return cpu }
	pass := func(seconds, taken time.Duration) {
		wall, cpu = wall.Add(seconds*time.Second), cpu+taken*time.Second
	}
	pass(5, 5) // nobody's
	a, b := m.Account(), m.Account()
	read := a.begin(Reading)
	pass(1, 1)
	read()
	read() // once is enough
	simplify, fit := a.begin(Simplifying), a.begin(Fitting)
	pass(2, 4) // shared by two
	other := b.begin(Packing)
	again := a.begin(Fitting)
	pass(2, 4) // shared by four, of which two are of one stage
	fit()
	again()
	pass(3, 6) // shared by two
	simplify()
	pass(1, 2)
	want := []Spent{
		{Reading, time.Second, time.Second},
		{Simplifying, 7 * time.Second, (2 + 1 + 3) * time.Second},
		{Fitting, 4 * time.Second, (2 + 2) * time.Second},
	}
	if d := cmp.Diff(want, a.Spent()); d != "" {
		t.Error(d)
	}
	// What is under way counts up to now.
	if d := cmp.Diff([]Spent{{Packing, 6 * time.Second, (1 + 3 + 2) * time.Second}}, b.Spent()); d != "" {
		t.Error(d)
	}
	other()
	if len(m.busy) != 0 || m.all != 0 {
		t.Errorf("%v is left at work", m.busy)
	}
}
