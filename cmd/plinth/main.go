// Command plinth turns 3D models of products into files that any shopper's device
// can show at once, and serves them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
)

// Exit codes, told once in the help of the root command.
const (
	exitOK          = 0
	exitInput       = 1 // a file or value that can't be used
	exitUsage       = 2 // a command line that can't be understood
	exitUnavailable = 3 // a disk, port or backend that doesn't work or is taken, or work that is broken off
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// usageError is a command line that can't be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// failed is an error that has been told already.
type failed struct{ code int }

func (f failed) Error() string { return fmt.Sprintf("exit %d", f.code) }

// exitCode reads kinds of errors: the one place where they become a code.
func exitCode(err error) int {
	if told, ok := errors.AsType[failed](err); ok {
		return told.code
	}
	_, usage := errors.AsType[usageError](err)
	usage = usage || errors.Is(err, cloud.ErrNoRegion) // whoever asked for it
	_, refused := pipeline.Refusal(err)
	switch {
	case err == nil:
		return exitOK
	case usage:
		return exitUsage
	case refused, errors.Is(err, asset.ErrInvalid), errors.Is(err, asset.ErrNotFound), errors.Is(err, os.ErrNotExist):
		return exitInput
	}
	return exitUnavailable
}
