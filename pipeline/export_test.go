package pipeline

import "context"

// SetProcess replaces what a worker does with a source.
func (w *Worker) SetProcess(f func(ctx context.Context, p Processor, src []byte, r Recipe) (*Result, error)) {
	w.process = f
}
