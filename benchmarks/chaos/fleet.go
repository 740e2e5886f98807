package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// A fleet runs workers and kills them.
type fleet struct {
	options
	folder     string
	flags, env []string

	stop    context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	commands []*exec.Cmd // one for each worker; nil while none runs
	kills    int
	refused  int // starts that AWS was not there for
	faults   []error
}

// exitUnavailable is how a worker ends that finds its backends out of order.
const exitUnavailable = 3

// start runs all workers until end.
func (f *fleet) start(ctx context.Context) {
	ctx, f.stop = context.WithCancel(ctx)
	f.commands = make([]*exec.Cmd, f.workers)
	for i := range f.commands {
		f.running.Go(func() { f.keep(ctx, i) })
	}
	if f.killEvery > 0 {
		f.running.Go(func() { f.hunt(ctx) })
	}
}

// keep runs a worker, and the next one when it has ended.
func (f *fleet) keep(ctx context.Context, i int) {
	for ctx.Err() == nil {
		killed, err := f.once(i)
		exit, ended := errors.AsType[*exec.ExitError](err)
		unavailable := ended && exit.ExitCode() == exitUnavailable
		f.mu.Lock()
		switch {
		case killed:
			f.kills++
		case ctx.Err() != nil && (err == nil || unavailable || exit != nil && by(exit.ProcessState, syscall.SIGTERM)): // told to end, perhaps while it began
		case unavailable && f.options.faults > 0:
			f.refused++
		default:
			f.faults = append(f.faults, fmt.Errorf("worker %d ended by itself: %w: %s", i, err, f.lastWords(i)))
		}
		f.mu.Unlock()
		if !killed {
			_ = sleep(ctx, time.Second) // as who restarts it would
		}
	}
}

// lastWords is the end of a worker's log.
func (f *fleet) lastWords(i int) string {
	text, err := os.ReadFile(f.logOf(i))
	if err != nil {
		return err.Error()
	}
	return string(text[max(len(text)-1000, 0):])
}

func (f *fleet) logOf(i int) string { return filepath.Join(f.logs, fmt.Sprintf("worker-%d.log", i)) }

// once runs a worker to its end and tells if it was killed.
func (f *fleet) once(i int) (killed bool, err error) {
	log, err := os.OpenFile(f.logOf(i), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return false, err
	}
	defer log.Close() //nolint:errcheck // the worker wrote to it, not we
	cmd := exec.Command(f.plinth, append([]string{
		"worker", "--data", filepath.Join(f.folder, fmt.Sprint("worker-", i)), "--lease", f.lease.String(), "--log", "json",
	}, f.flags...)...)
	cmd.Env, cmd.Stderr = f.env, log
	if err := cmd.Start(); err != nil {
		return false, err
	}
	f.set(i, cmd)
	err = cmd.Wait()
	f.set(i, nil)
	return by(cmd.ProcessState, syscall.SIGKILL), err
}

// by tells if a process was ended by a signal.
func by(p *os.ProcessState, s syscall.Signal) bool {
	status, ok := p.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == s
}

func (f *fleet) set(i int, cmd *exec.Cmd) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commands[i] = cmd
}

// hunt kills a random worker now and then.
func (f *fleet) hunt(ctx context.Context) {
	dice := rand.New(rand.NewPCG(f.seed, 3))
	for sleep(ctx, f.killEvery/2+time.Duration(dice.Int64N(int64(f.killEvery)))) == nil {
		f.signal(dice.IntN(f.workers), syscall.SIGKILL)
	}
}

// signal sends a worker a signal, if it runs.
func (f *fleet) signal(i int, s os.Signal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if cmd := f.commands[i]; cmd != nil {
		_ = cmd.Process.Signal(s) // it may have ended
	}
}

// end asks all workers to end and waits for them.
func (f *fleet) end() error {
	f.stop()
	for i := range f.workers {
		f.signal(i, syscall.SIGTERM)
	}
	f.running.Wait()
	return errors.Join(f.faults...)
}
