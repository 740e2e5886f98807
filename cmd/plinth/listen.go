package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/plinth3d/plinth/origin"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// server listens with limits on what a client may take up, and drains.
type server struct {
	address     string
	handler     http.Handler
	connections int                      // at a time; more wait to be accepted
	drain       func()                   // says that the next answer on each connection is the last
	uploads     func(*http.Request) bool // says which requests have a body; nil is none
	ready       func(net.Addr)
}

// Deadlines. An answer has half a minute; handlers that send more, or take more, set their own.
const (
	headTime   = 10 * time.Second
	idleTime   = time.Minute
	answerTime = 30 * time.Second
	maxHead    = 16 << 10

	bodyTime = time.Second // for a body that nobody wants to arrive, so that the connection can be closed

	queued      = 50 * time.Millisecond // for connections that wait to be accepted
	lastAnswers = 2 * time.Second       // for connections to be told that they end
	lastBytes   = 7 * time.Second       // for answers that are on their way
)

// run serves until ctx is done. Then nobody new is let in, connections get one more answer
// each, and what still is on its way after nine seconds is cut.
func (s *server) run(ctx context.Context) error {
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		return fmt.Errorf("%w: %w", asset.ErrUnavailable, err)
	}
	// Requests at hand go on past the end of ctx, until the server is shut down.
	requests, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	capped := newCapped(listener.(*net.TCPListener), s.connections)
	h := &http.Server{
		Handler: http.HandlerFunc(s.serve), DisableGeneralOptionsHandler: true, ReadHeaderTimeout: headTime, IdleTimeout: idleTime, WriteTimeout: answerTime,
		MaxHeaderBytes: maxHead, BaseContext: func(net.Listener) context.Context { return requests },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return origin.ConnContext(ctx, &c.(*connection).Conn)
		},
	}
	stopped := make(chan error, 1)
	defer context.AfterFunc(ctx, func() { stopped <- s.stop(ctx, h, capped, end) })()
	s.ready(listener.Addr())
	err = h.Serve(capped)
	if ctx.Err() == nil {
		return fmt.Errorf("%w: serve: %w", asset.ErrUnavailable, err)
	}
	return <-stopped
}

// stop ends a server. A connection that is kept alive may just now be bringing a request,
// so it is not simply closed: it gets its answer, with "Connection: close".
func (s *server) stop(ctx context.Context, h *http.Server, l *capped, end func()) error {
	l.lastCall()
	if err := l.Close(); err != nil {
		return err
	}
	if s.drain != nil {
		s.drain()
	}
	for until := time.Now().Add(lastAnswers); s.drain != nil && l.open.Load() > 0 && time.Now().Before(until); {
		time.Sleep(10 * time.Millisecond)
	}
	quiet, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastBytes)
	defer cancel()
	err := h.Shutdown(quiet)
	if errors.Is(err, net.ErrClosed) {
		err = nil // the listener is, already
	}
	end()
	if err != nil {
		return h.Close()
	}
	return nil
}

// serve hands a request on, and adds what net/http leaves out. The body of a request that
// should have none is not waited for: the connection could be held open by announcing it.
// And an answer to HTTP/1.0 is the last, for net/http takes no notice of a
// Transfer-Encoding there, so where the request ends is anybody's guess (RFC 9112, 6.1).
func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 && (s.uploads == nil || !s.uploads(r)) {
		// Where a deadline can't be set the connection is no TCP connection.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime))
	}
	if !r.ProtoAtLeast(1, 1) {
		w.Header().Set("Connection", "close")
	}
	s.handler.ServeHTTP(w, r)
}

// capped is a listener that accepts only so many connections at a time. Its connections
// are TCP connections in every respect, so that files go out by sendfile.
type capped struct {
	*net.TCPListener
	slots chan struct{}
	done  chan struct{}
	open  atomic.Int64
	ended atomic.Bool
}

func newCapped(l *net.TCPListener, most int) *capped {
	return &capped{TCPListener: l, slots: make(chan struct{}, most), done: make(chan struct{})}
}

// Accept waits for a slot, then for a connection.
func (l *capped) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.AcceptTCP()
	if err != nil {
		<-l.slots
		return nil, err
	}
	l.open.Add(1)
	return &connection{Conn: origin.Conn{TCPConn: c}, from: l}, nil
}

// lastCall makes the kernel take no more connections and gives Accept the time to take those
// that it took already: closing would reset them. Others try again, and are refused then.
func (l *capped) lastCall() {
	raw, err := l.SyscallConn()
	if err != nil {
		return // it is closed
	}
	// On an error the listener is as it was, and connections that wait are reset.
	_ = raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), 0) })
	time.Sleep(queued)
}

// Close stops listening, once.
func (l *capped) Close() error {
	if l.ended.Swap(true) {
		return nil
	}
	close(l.done)
	return l.TCPListener.Close()
}

// connection gives its slot back when it is closed.
type connection struct {
	origin.Conn
	from   *capped
	closed atomic.Bool
}

func (c *connection) Close() error {
	if !c.closed.Swap(true) {
		c.from.open.Add(-1)
		<-c.from.slots
	}
	return c.TCPConn.Close()
}
