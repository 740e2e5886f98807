package mesh

import (
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// perBlock is about how many places are worked on at a time: few enough to stay in
// a processor's cache.
const perBlock = 4096

// Work goes on in blocks of places that lie near each other, several at a time. There are
// two divisions, so that what reaches over the rim of a block of one mostly lies inside one
// of the other: runs of the Morton order, and the cells of a grid.
const (
	inRuns uint8 = 1 << iota // bit of reducer.border
	inCells
	alone uint8 = 0 // the rest, by one worker
)

// phase is the queues that are worked through at the same time.
type phase struct {
	from, to int
	rim      uint8
}

func (r *reducer) phases() [3]phase {
	last := len(r.queues) - 1
	return [3]phase{{0, r.runs, inRuns}, {r.runs, last, inCells}, {last, last + 1, alone}}
}

// home is the queue that an edge belongs to.
func (r *reducer) home(c int32) int {
	a, b := r.place[c], r.place[after(c)]
	switch rim := r.border[a] | r.border[b]; {
	case rim&inRuns == 0:
		return int(r.block[0][a])
	case rim&inCells == 0:
		return r.runs + int(r.block[1][a])
	}
	return len(r.queues) - 1
}

// parallel calls work for the numbers from begin to below end, several at a time. What
// the calls do must not depend on each other.
func parallel(begin, end int, work func(i int)) {
	if workers := min(runtime.GOMAXPROCS(0), end-begin); workers > 1 {
		var next atomic.Int64
		next.Store(int64(begin))
		var group errgroup.Group
		for range workers {
			group.Go(func() error {
				for i := int(next.Add(1)) - 1; i < end; i = int(next.Add(1)) - 1 {
					work(i)
				}
				return nil
			})
		}
		_ = group.Wait() // nothing here fails
		return
	}
	for i := begin; i < end; i++ {
		work(i)
	}
}

// divide makes the two divisions into blocks.
func (r *reducer) divide() {
	n := len(r.at)
	r.runs = max(1, n/perBlock)
	r.block[0] = make([]int32, n)
	for a := range r.block[0] {
		r.block[0][a] = int32(int64(a) * int64(r.runs) / int64(max(n, 1)))
	}
	cells := 0
	if r.runs > 1 {
		r.block[1], cells = r.grid()
	}
	r.border = make([]uint8, n)
	for t := range r.alive {
		a, b, c := r.place[3*t], r.place[3*t+1], r.place[3*t+2]
		for k, rim := range [2]uint8{inRuns, inCells} {
			if of := r.block[k]; of != nil && (of[a] != of[b] || of[b] != of[c]) {
				r.border[a] |= rim
				r.border[b] |= rim
				r.border[c] |= rim
			}
		}
	}
	r.queues = make([]bins, r.runs+cells+1)
	for i := range r.queues {
		r.queues[i].clear()
	}
	r.scratch = make([]scratch, len(r.queues))
}

// grid divides places by the cells of a grid that has about as many which hold any as
// there are runs. It is off the dyadic planes that runs of the Morton order end at.
func (r *reducer) grid() (of []int32, cells int) {
	of = make([]int32, len(r.at))
	for fine := 2; ; fine *= 2 {
		const most = 64
		number := make([]int32, (fine+1)*(fine+1)*(fine+1))
		cells = 0
		for a := range r.at {
			p := &r.at[a]
			cell := 0
			for k := range 3 {
				x := int((float64(p[k]*0.5) + 0.5 + 1.0/3/float64(fine)) * float64(fine))
				cell = cell*(fine+1) + min(max(x, 0), fine)
			}
			if number[cell] == 0 {
				cells++
				number[cell] = int32(cells)
			}
			of[a] = number[cell] - 1
		}
		if cells*2 >= r.runs || fine >= most {
			return of, cells
		}
	}
}

// run is the places of a block of the first division.
func (r *reducer) run(block int) (from, to int) {
	n, count := int64(len(r.at)), int64(r.runs)
	begin := func(i int64) int { return int((i*n + count - 1) / count) }
	return begin(int64(block)), begin(int64(block) + 1)
}
