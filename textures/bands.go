package textures

import (
	"runtime"

	"golang.org/x/sync/errgroup"
)

// least is how many rows are worth a band: its neighbours read some of the same rows
// of the source, those of six rows of the result.
const least = 32

// bands calls work for runs of 0..n-1, all at the same time. Each row is made on its
// own, so the result does not depend on the runs.
func bands(n int, work func(from, to int)) {
	var group errgroup.Group
	count := max(1, min(runtime.GOMAXPROCS(0), n/least))
	for i := range count {
		group.Go(func() error {
			work(i*n/count, (i+1)*n/count)
			return nil
		})
	}
	_ = group.Wait() // no run fails
}
