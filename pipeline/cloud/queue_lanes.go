package cloud

import (
	"time"
)

// listening is how long an idle queue with several lanes waits at one: SQS can't wait at
// more than one queue, and a poll of each at once could bring more than there are slots.
const listening = 2 * time.Second

// resting is how long an empty lane is left alone while others have jobs.
const resting = time.Second

// lane is what a queue knows of one of its lanes. The queue's mutex guards what changes.
type lane struct {
	Lane
	share  float64 // of the turns, at least the floor; all make 1
	credit float64 // turns it is owed

	empty  bool      // the last answer had no message
	asked  time.Time // when that was
	faults int       // in a row
	after  time.Time // it isn't asked before, because it failed
	oldest time.Duration
	buried int64

	extend, hide, remove *batcher
}

func newLanes(q *Queue) []*lane {
	c := q.config
	var lanes []*lane
	var total float64
	for _, l := range c.Lanes {
		total += float64(l.Weight)
	}
	free := 1 - float64(c.Floor*float64(len(c.Lanes)))
	beat := min(c.LeaseTime/30, 500*time.Millisecond)
	for _, l := range c.Lanes {
		lanes = append(lanes, &lane{
			Lane: l, share: c.Floor + float64(free*float64(l.Weight)/total), empty: true,
			extend: hide(q, l.URL, "extend the lease of a message of", beat),
			hide:   hide(q, l.URL, "release a message of", 10*time.Millisecond),
			remove: remove(q, l.URL, 10*time.Millisecond),
		})
	}
	return lanes
}

// turn is which lane is asked next: how many messages it is asked for, and how long it
// may wait for the first. A turn without a lane is a pause.
type turn struct {
	lane  *lane
	count int
	wait  time.Duration
}

// next gives the next turn to one of the lanes, when so many slots are free. Among those
// that may have jobs, turns go by shares, evenly spread (smooth weighted round-robin).
func next(lanes []*lane, slots int, now time.Time, poll time.Duration) turn {
	var ready []*lane
	busy, first := 0, time.Duration(-1)
	for _, l := range lanes {
		if l.after.After(now) {
			if until := l.after.Sub(now); first < 0 || until < first {
				first = until
			}
			continue
		}
		ready = append(ready, l)
		if !l.empty {
			busy++
		}
	}
	if len(ready) == 0 {
		return turn{wait: first}
	}
	t := turn{count: min(slots, batching)}
	switch {
	case len(lanes) == 1:
		t.wait = poll
	case busy == 0:
		t.wait = min(listening, poll)
	default:
		t.count = (t.count + busy - 1) / busy
		ready = awake(ready, now)
	}
	t.lane = elect(ready)
	return t
}

// awake leaves out empty lanes that were asked just now. Others have jobs.
func awake(lanes []*lane, now time.Time) (left []*lane) {
	for _, l := range lanes {
		if !l.empty || now.Sub(l.asked) >= resting {
			left = append(left, l)
		}
	}
	return left
}

// elect takes the lane that is owed most.
func elect(lanes []*lane) *lane {
	var total float64
	chosen := lanes[0]
	for _, l := range lanes {
		total += l.share
		l.credit += l.share
		if l.credit > chosen.credit {
			chosen = l
		}
	}
	chosen.credit -= total
	return chosen
}

// answered notes what an answer of the lane tells of it.
func (l *lane) answered(messages int, oldest time.Duration, now time.Time) {
	l.empty, l.asked, l.oldest, l.faults, l.after = messages == 0, now, oldest, 0, time.Time{}
}

// failed notes that the lane can't be asked for a while: up to 20 s after faults that
// pass, up to a minute after those that need a person.
func (l *lane) failed(passing bool, now time.Time) {
	first, most := backoff, longest
	if !passing {
		first, most = 5*time.Second, time.Minute
	}
	l.after = now.Add(jitter(min(first<<min(l.faults, 16), most)))
	l.faults++
	l.empty, l.asked = true, now
}
