package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A process is a server that runs.
type process struct {
	cmd *exec.Cmd
	url string // without a slash at the end
	log string // file of what it says on stderr
}

// spawn starts a server, which ends with ctx. With an address it is waited for there;
// otherwise its first line on stdout tells where it listens.
func (b *bench) spawn(ctx context.Context, name, address string, command ...string) (*process, error) {
	p := &process{log: b.at(name + ".log")}
	talk, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer talk.Close() //nolint:errcheck // the process has its own
	p.cmd = exec.CommandContext(ctx, command[0], command[1:]...)
	p.cmd.Stderr = talk
	p.cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", b.procs), "HOME="+b.tmp, "XDG_CONFIG_HOME="+b.tmp, "XDG_DATA_HOME="+b.tmp)
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 5 * time.Second
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if address == "" {
		line, err := bufio.NewReader(out).ReadString('\n')
		_, address, _ = strings.Cut(strings.TrimSpace(line), "http://")
		if err != nil || address == "" {
			return nil, p.wrong(name, fmt.Errorf("it says %q, no address: %w", line, err))
		}
	}
	p.url = "http://" + address
	if err := await(ctx, address); err != nil {
		return nil, p.wrong(name, err)
	}
	return p, nil
}

// wrong adds what the process said last to an error.
func (p *process) wrong(name string, err error) error {
	text, e := os.ReadFile(p.log)
	return errors.Join(fmt.Errorf("%s: %w: %s", name, err, text[max(0, len(text)-400):]), e)
}

// end stops the process and waits for it.
func (p *process) end() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGTERM {
		return nil // it has no better way to end
	}
	return err
}

// await waits until an address takes connections.
func await(ctx context.Context, address string) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// free is an address that nobody listens on, for servers that can't choose one.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// cpu is the CPU time of a process and its children so far: the sum over their threads.
// Threads that have ended are missing; servers keep theirs.
func cpu(pid int) (total time.Duration, err error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err == nil && len(tasks) == 0 {
		err = fmt.Errorf("process %d is gone", pid)
	}
	for _, task := range tasks {
		text, e := os.ReadFile(filepath.Join(task, "schedstat"))
		var ran int64 // nanoseconds
		if e == nil {
			_, e = fmt.Sscan(string(text), &ran)
		}
		children, ce := os.ReadFile(filepath.Join(task, "children"))
		err = errors.Join(err, e, ce)
		total += time.Duration(ran)
		for child := range strings.FieldsSeq(string(children)) {
			var id int
			_, e := fmt.Sscan(child, &id)
			took, ce := cpu(id)
			total, err = total+took, errors.Join(err, e, ce)
		}
	}
	return total, err
}
