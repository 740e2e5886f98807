package origin

import (
	"bytes"
	"context"
	"errors"
	"net"
)

// A Conn is a TCP connection that takes part of an answer's head as bytes that are ready:
// net/http sorts and writes each field of each answer, which for the fourteen of a file is
// a tenth of the CPU time of a request. A server that has these connections says so by
// [ConnContext]; on others all fields go through net/http.
//
// It rests on what http.Server does: answers leave one after the other, each flushed before
// the next begins, so what is written first after prepend begins with a status line.
type Conn struct {
	*net.TCPConn
	fields []byte // of the answer that is to be written, with a line break after each
	parts  [3][]byte
	out    net.Buffers // of parts
}

type connKey struct{}

// ConnContext makes c known to requests that come by it; it is for http.Server.ConnContext.
func ConnContext(ctx context.Context, c *Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connOf is the connection a request came by, nil where it is none of ours.
func connOf(ctx context.Context) *Conn {
	c, _ := ctx.Value(connKey{}).(*Conn)
	return c
}

// prepend has fields written in front of those of the answer that comes next.
func (c *Conn) prepend(fields []byte) { c.fields = fields }

// errHead is an answer that doesn't begin with a status line.
var errHead = errors.New("origin: net/http writes otherwise than it did")

// Write writes p, with the fields behind its status line if there are some.
func (c *Conn) Write(p []byte) (int, error) {
	if c.fields == nil {
		return c.TCPConn.Write(p)
	}
	fields := c.fields
	c.fields = nil
	line := bytes.IndexByte(p, '\n') + 1
	if line == 0 || !bytes.HasPrefix(p, []byte("HTTP/1.")) {
		return 0, errHead
	}
	c.parts = [3][]byte{p[:line], fields, p[line:]}
	c.out = c.parts[:]
	sent, err := c.out.WriteTo(c.TCPConn)
	n := int(sent) - len(fields)
	if int(sent) < line+len(fields) {
		n = min(int(sent), line)
	}
	return n, err
}
