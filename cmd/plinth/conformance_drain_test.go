package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/local"
)

const termination = syscall.SIGTERM

// freeAddress is one that nobody listens on just now.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // its address is all
	return l.Addr().String()
}

// exitTime is what a process may take to end (the promise of issue and help).
const exitTime = 10 * time.Second

// A crowd is clients that ask an origin until it says that it ends.
type crowd struct {
	t    *testing.T
	p    *plinthProcess
	w    *world
	busy sync.WaitGroup // until all clients have had some answers
	all  sync.WaitGroup // until all clients have been told to go
	told chan struct{}  // closed when the first was
	once sync.Once
}

// TestSIGTERMCutsNobodyOff sends SIGTERM while clients load files.
func TestSIGTERMCutsNobodyOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rendition("default", "D", blobOf("D", 5<<20))
	s, err := local.OpenStore(filepath.Join(w.data, "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // only read
	if err := s.Put(t.Context(), asset.RenditionKey("default", w.names["D"]), bytes.NewReader(w.blobs["D"]), 5<<20); err != nil {
		t.Fatal(err)
	}
	c := &crowd{t: t, p: w.start(t, nil, "--no-access-log"), w: w, told: make(chan struct{})}
	for i := range 16 {
		c.join([]string{"L3", "L2", "J"}[i%3], 20, 0)
	}
	for range 4 {
		c.join("D", 1, 32<<10)
	}
	c.all.Go(c.newcomers)
	idle := dial(t, c.p.address)
	c.exchange(idle, getting(manifestPath), w.blobs["J"])
	c.busy.Wait()
	if err := c.p.cmd.Process.Signal(termination); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	select {
	case <-c.told:
	case <-time.After(hang):
		t.Fatal("nobody is told to go")
	}
	if last := c.exchange(idle, getting(manifestPath), w.blobs["J"]); !last {
		t.Error("who was idle and asks once more isn't told that it was the last time")
	}
	if conn, err := (&net.Dialer{Timeout: hang}).DialContext(t.Context(), "tcp", c.p.address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a new connection: %v, %v", conn, err)
	}
	c.all.Wait()
	select {
	case <-c.p.done:
		if c.p.err != nil {
			t.Errorf("the exit: %v", c.p.err)
		}
	case <-time.After(exitTime - time.Since(began)):
		t.Errorf("after %v it still runs", time.Since(began))
	}
}

// join starts a client that keeps one connection. It takes pace bytes at a time, all at
// once if that is 0.
func (c *crowd) join(name string, before, pace int) {
	path := c.w.expand("/o/default/{" + name + "}/chair.glb")
	if name == "J" {
		path = manifestPath
	}
	conn := dial(c.t, c.p.address)
	if pace > 0 {
		if err := conn.Conn.(*net.TCPConn).SetReadBuffer(pace); err != nil {
			c.t.Fatal(err)
		}
		conn.in.Reset(&slow{conn.Conn, pace})
	}
	c.busy.Add(1)
	c.all.Go(func() {
		ready := sync.OnceFunc(c.busy.Done)
		defer ready()
		for i := 0; ; i++ {
			if pace > 0 && i == before {
				ready() // in the midst of an answer
			}
			if c.exchange(conn, getting(path), c.w.blobs[name]) {
				return
			}
			if i >= before {
				ready()
			}
		}
	})
}

// exchange sends a request and wants all of an answer. It reports whether that was the
// last, or none came.
func (c *crowd) exchange(conn *socket, request string, want []byte) (last bool) {
	if _, err := io.WriteString(conn, request); err != nil {
		c.t.Errorf("a connection that was to be kept is gone: %v", err)
		return true
	}
	r, err := conn.receive(http.MethodGet)
	if err != nil || r.status != http.StatusOK || !bytes.Equal(r.body, want) {
		c.t.Errorf("an answer is cut off, or wrong: %v", err)
		return true
	}
	if !r.last() {
		return false
	}
	c.once.Do(func() { close(c.told) })
	if err := conn.ended(); err != nil {
		c.t.Error(err)
	}
	return true
}

// newcomers connect anew for each request, until they are turned away: before a byte of
// an answer, or not at all.
func (c *crowd) newcomers() {
	for {
		conn, err := (&net.Dialer{Timeout: hang}).DialContext(c.t.Context(), "tcp", c.p.address)
		if err != nil {
			if !errors.Is(err, syscall.ECONNREFUSED) {
				c.t.Errorf("connect: %v", err)
			}
			return
		}
		w := over("")
		w.Conn = conn
		w.in.Reset(conn)
		err = c.newcomer(w)
		_ = conn.Close() // all is read
		if errors.Is(err, errTurnedAway) {
			continue // the next can't connect
		}
		if err != nil {
			c.t.Error(err)
			return
		}
	}
}

var errTurnedAway = errors.New("turned away")

func (c *crowd) newcomer(w *socket) error {
	if err := w.SetDeadline(time.Now().Add(hang)); err != nil {
		return err
	}
	if _, err := io.WriteString(w, c.w.expand(getting("/o/default/{L2}/chair.glb"))); err != nil {
		return errTurnedAway
	}
	if _, err := w.in.Peek(1); err != nil {
		return errTurnedAway
	}
	r, err := w.receive(http.MethodGet)
	if err != nil || r.status != http.StatusOK || !bytes.Equal(r.body, c.w.blobs["L2"]) {
		return fmt.Errorf("an answer to a new connection is cut off, or wrong: %w", err)
	}
	return nil
}

// slow reads a piece at a time, with a pause behind it.
type slow struct {
	io.Reader
	piece int
}

func (s *slow) Read(p []byte) (int, error) {
	time.Sleep(2 * time.Millisecond)
	return s.Reader.Read(p[:min(len(p), s.piece)])
}
