package scale

import (
	"math"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/infra/names"
)

// Jobs is what became of a trace of uploads.
type Jobs struct {
	Total   float64
	Peak    float64 // that waited, at most
	Wait    int     // minutes until a worker took the job, the worst one's; 0 is at once
	Drained int     // minutes in a row in which some waited, at most
	Workers int     // at most
	Hours   float64 // of workers
	OnPaid  float64 // hours on demand; the rest is Spot
	Left    float64 // that waited when the simulation was given up
}

// giveUp is when the fleet has not drained, in minutes after the last arrival.
const giveUp = 24 * 60

// An Interruption takes a share of the Spot tasks away. They end what is at hand within the
// two minutes that they are told before, or put it back; ECS starts others.
type Interruption struct {
	Minute int
	Share  float64
}

// interrupt takes them, but none of those on demand.
func (t *tasks) interrupt(m, onDemand int, all []Interruption) {
	for _, i := range all {
		if i.Minute == m {
			want := t.all()
			t.running -= int(float64(max(t.running-onDemand, 0)) * i.Share)
			t.want(want)
		}
	}
}

// Fleet runs workers, each of which does so many jobs a minute, against arrivals by the
// minute. Who comes first is served first.
func Fleet(c *config.Config, perMinute float64, arrivals []float64, interruptions ...Interruption) Jobs {
	p := Policy{Target: c.Fleet.Backlog, Min: c.Fleet.Min, Max: c.Fleet.Max, Out: up(names.WorkersOut), In: up(names.WorkersIn)}
	t := tasks{running: c.Fleet.Min}
	var j Jobs
	var waiting, done float64
	var came, served []float64 // in all, by the end of each minute
	drained := 0
	for m := 0; m < len(arrivals) || waiting > 0 && m < len(arrivals)+giveUp; m++ {
		t.minute()
		t.interrupt(m, c.Fleet.OnDemand, interruptions)
		if m < len(arrivals) {
			waiting += arrivals[m]
			j.Total += arrivals[m]
		}
		work := min(waiting, float64(t.running)*perMinute)
		waiting, done = waiting-work, done+work
		came, served = append(came, j.Total), append(served, done)
		drained = count(drained, waiting > 0)
		j.Peak, j.Workers, j.Drained = max(j.Peak, waiting), max(j.Workers, t.running), max(j.Drained, drained)
		j.Hours += float64(t.all()) / 60
		j.OnPaid += float64(min(t.all(), c.Fleet.OnDemand)) / 60
		t.want(p.Observe(backlog(waiting, t.running, p.Target), t.all()))
	}
	j.Left, j.Wait = waiting, longest(came, served)
	return j
}

// backlog is the metric of the workers' policy: jobs that wait for each, and where there is
// none, more than the target as soon as one waits.
func backlog(waiting float64, running int, target float64) float64 {
	if running == 0 && waiting > 0 {
		return waiting + target
	}
	return waiting / float64(max(running, 1))
}

// longest is how many minutes pass until all that came by a minute is served, at most.
func longest(came, served []float64) (wait int) {
	k := 0
	for m := range came {
		for k < len(served) && served[k] < came[m]-1e-6 {
			k++
		}
		wait = max(wait, k-m)
	}
	return wait
}

// up is seconds in minutes, rounded up.
func up(seconds int) int { return int(math.Ceil(float64(seconds) / 60)) }
