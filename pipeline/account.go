package pipeline

import (
	"sync"
	"time"
)

// A Meter divides the CPU time of this process among what works in it. Systems tell that
// time of the process only, so it is read whenever work begins or ends, and what was
// taken since the last reading is shared equally by all work that was under way: each image that is
// coded counts one, and so do all meshes of a model that are simplified, and a stage where it is
// the only one. That is exact while one thing is at work. With several it is off by as much as
// they differ in how many processors they keep busy; the sum is always right. Where nothing was at work,
// the time is nobody's.
type Meter struct {
	mu   sync.Mutex
	now  func() time.Time
	cpu  func() time.Duration
	last time.Duration
	busy map[*Account]map[Stage]int // how much work is under way
	all  int
}

// NewMeter returns a meter of this process.
func NewMeter() *Meter {
	return &Meter{now: time.Now, cpu: cpuTime, busy: map[*Account]map[Stage]int{}}
}

// An Account holds what the stages of one run took.
type Account struct {
	meter  *Meter
	order  []Stage
	spent  map[Stage]*Spent
	began  map[Stage]time.Time
	coded  int
	bodies int
}

// Spent is what a stage of a run took. Wall is the time from its beginning to its end, the stages
// that run at the same time each with their own; where a stage comes several times it is their
// sum. CPU is what a Meter says.
type Spent struct {
	Stage     Stage
	Wall, CPU time.Duration
}

// Account begins an account.
func (m *Meter) Account() *Account {
	return &Account{meter: m, spent: map[Stage]*Spent{}, began: map[Stage]time.Time{}}
}

// Spent lists the stages in the order in which they began.
func (a *Account) Spent() (out []Spent) {
	if a == nil {
		return nil
	}
	m := a.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read()
	for _, stage := range a.order {
		s := *a.spent[stage]
		if m.busy[a][stage] > 0 {
			s.Wall += m.now().Sub(a.began[stage])
		}
		out = append(out, s)
	}
	return out
}

// Made is how many images were coded and bodies simplified, those that were there from an
// earlier run not among them.
func (a *Account) Made() (images, bodies int) {
	if a == nil {
		return 0, 0
	}
	a.meter.mu.Lock()
	defer a.meter.mu.Unlock()
	return a.coded, a.bodies
}

// begin notes that a piece of work begins; the function that it returns notes its end.
func (a *Account) begin(stage Stage) (end func()) {
	if a == nil {
		return func() {}
	}
	m := a.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read()
	if m.busy[a] == nil {
		m.busy[a] = map[Stage]int{}
	}
	if a.spent[stage] == nil {
		a.spent[stage] = &Spent{Stage: stage}
		a.order = append(a.order, stage)
	}
	if m.busy[a][stage] == 0 {
		a.began[stage] = m.now()
	}
	m.busy[a][stage]++
	m.all++
	return sync.OnceFunc(func() { a.end(stage) })
}

func (a *Account) end(stage Stage) {
	m := a.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read()
	m.all--
	if m.busy[a][stage]--; m.busy[a][stage] > 0 {
		return
	}
	a.spent[stage].Wall += m.now().Sub(a.began[stage])
	delete(m.busy[a], stage)
	if len(m.busy[a]) == 0 {
		delete(m.busy, a)
	}
}

// made counts what was coded and simplified.
func (a *Account) made(images, bodies int) {
	if a == nil {
		return
	}
	a.meter.mu.Lock()
	defer a.meter.mu.Unlock()
	a.coded, a.bodies = a.coded+images, a.bodies+bodies
}

// read shares what was taken since the last reading. The meter is locked.
func (m *Meter) read() {
	now := m.cpu()
	taken := now - m.last
	m.last = now
	if m.all == 0 {
		return
	}
	for a, stages := range m.busy {
		for stage, n := range stages {
			a.spent[stage].CPU += taken * time.Duration(n) / time.Duration(m.all)
		}
	}
}
