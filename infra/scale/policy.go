// Package scale runs the scaling policies of the stacks against traces of arrivals: how long
// merchants wait, how many requests are shed, and what it costs. It is arithmetic over
// minutes, and the same each time.
package scale

import "math"

// A Policy is target tracking as Application Auto Scaling does it: more tasks once a metric
// was above its target for three minutes in a row, as many as bring it back to the target at
// once; fewer once it was a tenth below for fifteen, and as few at a time as the metric says.
type Policy struct {
	Target   float64
	Min, Max int // tasks
	Out, In  int // cooldowns in minutes, rounded up

	above, below int // minutes in a row
	rest         int // minutes until the next change may be
}

// Minutes in a row before something is done.
const (
	outAfter = 3
	inAfter  = 15
	slack    = 0.9 // of the target; less is too many tasks
)

// Observe takes a minute's metric and returns how many tasks there should be, of now.
func (p *Policy) Observe(metric float64, now int) int {
	p.rest = max(p.rest-1, 0)
	p.above, p.below = count(p.above, metric > p.Target), count(p.below, metric < p.Target*slack)
	wanted := now
	switch {
	case p.above >= outAfter && p.rest == 0:
		wanted = int(math.Ceil(float64(max(now, 1)) * metric / p.Target))
		p.above, p.rest = 0, p.Out
	case p.below >= inAfter && p.rest == 0:
		wanted = int(math.Ceil(float64(now) * metric / p.Target))
		p.rest = p.In
	}
	return min(max(wanted, p.Min), p.Max)
}

func count(n int, goesOn bool) int {
	if goesOn {
		return n + 1
	}
	return 0
}

// starting is how long a task takes from being wanted to being there, in minutes: an address,
// the image, the start.
const starting = 1

// tasks are those that run and those that are on their way.
type tasks struct {
	running int
	coming  []int // by minutes from now
}

// minute lets a minute pass.
func (t *tasks) minute() {
	if len(t.coming) > 0 {
		t.running += t.coming[0]
		t.coming = t.coming[1:]
	}
}

// all are those that run and that were asked for.
func (t *tasks) all() int {
	n := t.running
	for _, c := range t.coming {
		n += c
	}
	return n
}

// want asks for so many.
func (t *tasks) want(n int) {
	switch d := n - t.all(); {
	case d > 0:
		for len(t.coming) <= starting {
			t.coming = append(t.coming, 0)
		}
		t.coming[starting] += d
	case d < 0:
		t.running = max(t.running+d, 0)
	}
}
