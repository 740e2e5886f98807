package main

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/plinth3d/plinth/pipeline"
)

// batchBar shows how far a plan is carried out: as a bar on a terminal, elsewhere as a line
// now and then.
type batchBar struct {
	bar  bar
	log  *slog.Logger // nil is none
	told time.Time

	mu   sync.Mutex
	last pipeline.BatchTally
}

// telling is how often a line tells how far it is.
const telling = 30 * time.Second

func newBatchBar(c console, p pipeline.BatchPlan, quiet bool, log *slog.Logger) *batchBar {
	b := &batchBar{log: log, told: time.Now()}
	if quiet {
		b.log = nil
		return b
	}
	if !isTerminal(c.err) || len(p.Models) == 0 {
		return b
	}
	b.log = nil
	b.bar.all = mpb.New(mpb.WithOutput(c.err), mpb.WithWidth(40))
	b.bar.one = b.bar.all.AddBar(int64(len(p.Models)),
		mpb.PrependDecorators(decor.Name("plan "+p.ID, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return b.String() }, decor.WCSyncSpace), decor.Elapsed(decor.ET_STYLE_GO, decor.WCSyncSpace)))
	return b
}

// String is how far it is, in words.
func (b *batchBar) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprintf("%d of %d, %d at work, %d failed", b.last.Ended(), b.last.Models, b.last.Queued+b.last.Running, b.last.Failed)
}

func (b *batchBar) set(t pipeline.BatchTally) {
	b.mu.Lock()
	b.last = t
	b.mu.Unlock()
	if b.bar.one != nil {
		b.bar.one.SetCurrent(int64(t.Ended()))
	}
	if b.log != nil && time.Since(b.told) > telling {
		b.told = time.Now()
		b.log.Info("batch", "models", t.Models, "left", t.Left, "working", t.Queued+t.Running, "ready", t.Ready, "failed", t.Failed, "overtaken", t.Overtaken)
	}
}

func (b *batchBar) finish(ok bool) { b.bar.finish(ok) }
