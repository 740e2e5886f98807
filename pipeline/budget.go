package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/plinth3d/plinth/mesh/scene"
)

// budget is the memory that jobs share. Who waits is served in order, so that a large job is not
// overtaken by small ones for ever.
type budget struct {
	size int64 // bytes
	room *semaphore.Weighted
	// door lets one source at a time be in memory that is not counted yet.
	door *semaphore.Weighted
}

// newBudget is nil for no bound.
func newBudget(size int64) *budget {
	if size <= 0 {
		return nil
	}
	return &budget{size, semaphore.NewWeighted(size), semaphore.NewWeighted(1)}
}

// LimitMemory makes the garbage collector work harder when the process comes near to that many
// bytes; 0 is no bound, and less garbage at any size. What is large here are pixels, in which nothing
// points anywhere, so that collecting often costs next to nothing. It is for a process that
// makes levels above all.
func LimitMemory(size int64) {
	debug.SetGCPercent(garbage)
	if size > 0 {
		debug.SetMemoryLimit(size - size/16) // what the runtime doesn't know of, such as libwebp's, comes on top
	}
}

// garbage is how much of it may lie about, in percent of what is in use.
const garbage = 30

// admit loads the source once there is memory for the job, and returns what gives that back. The
// end of ctx ends the wait: who drains begins nothing.
//
// A source must be read to know what its job takes. If there is no room then, it is
// read a second time after the wait: jobs that kept theirs while they wait for each other's
// memory could wait for ever.
func (a *attempt) admit(ctx, working context.Context, r Recipe) (src []byte, leave func(), err error) {
	b := a.worker.budget
	if b == nil {
		src, err = a.source(working, r)
		return src, func() {}, err
	}
	src, need, err := a.knock(ctx, working, r)
	if err != nil {
		return nil, nil, err
	}
	enter := func() { a.worker.inUse.Add(need) }
	leave = func() {
		a.worker.inUse.Add(-need)
		b.room.Release(need)
	}
	if src != nil {
		enter()
		return src, leave, nil
	}
	err = a.waiting(ctx, working, func(ctx context.Context) error { return b.room.Acquire(ctx, need) })
	if err != nil {
		return nil, nil, err
	}
	enter()
	if src, err = a.source(working, r); err != nil {
		leave()
		return nil, nil, err
	}
	return src, leave, nil
}

// knock reads the source and finds what its job takes. Where that is free it is taken, and the source
// returned.
func (a *attempt) knock(ctx, working context.Context, r Recipe) (src []byte, need int64, err error) {
	b := a.worker.budget
	err = a.waiting(ctx, working, func(ctx context.Context) error { return b.door.Acquire(ctx, 1) })
	if err != nil {
		return nil, 0, err
	}
	defer b.door.Release(1)
	if src, err = a.source(working, r); err != nil {
		return nil, 0, err
	}
	if need, err = Estimate(src, r); err != nil {
		return nil, 0, err
	}
	a.note(func(t *Attempt) { t.Estimate = need })
	switch most := max(b.size, a.worker.MostMemory); {
	case need > most:
		return nil, 0, tooMuch(need, most)
	case need > b.size:
		return nil, 0, errElsewhere
	}
	if !b.room.TryAcquire(need) {
		return nil, need, nil
	}
	return src, need, nil
}

// errElsewhere says that another worker has the memory for a job.
var errElsewhere = errors.New("it needs a worker with more memory")

// TooMuchMemory is the code of a model that needs more memory than there is for it.
const TooMuchMemory = "too-much-memory"

// tooMuch is the finding of a model that no memory of this worker is enough for.
func tooMuch(need, size int64) error {
	return &scene.FormatError{
		Code: TooMuchMemory, Where: "the model",
		What: fmt.Sprintf("may take %d MB of memory to convert, the limit is %d MB", (need+1<<20-1)>>20, size>>20),
		Do:   "reduce its triangles, or its textures to 4096 by 4096 pixels and less, or convert it where more memory is allowed",
	}
}

// waiting does what waits, and counts how long.
func (a *attempt) waiting(ctx, working context.Context, wait func(context.Context) error) error {
	a.progress(Waiting, 0)
	began := time.Now()
	either, cancel := context.WithCancel(working)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	err := wait(either)
	a.note(func(t *Attempt) { t.Waited += time.Since(began) })
	a.progress(Loading, 0)
	if err != nil && working.Err() == nil {
		return errDraining
	}
	return err
}
