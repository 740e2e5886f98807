package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/plinth3d/plinth/pipeline/asset"
	"golang.org/x/sync/errgroup"
)

// every so many answers one is read whole and its digest checked. Of all others the
// length and the first bytes are.
const every = 50

// replay asks for the objects of a trace, over connections that are kept, and counts
// answers by status.
func (b *bench) replay(ctx context.Context, base string, objects []stored, numbers []int) (map[int]int, error) {
	var next atomic.Int64
	counts := make([]map[int]int, b.conns)
	group, ctx := errgroup.WithContext(ctx)
	for i := range counts {
		counts[i] = map[int]int{}
		group.Go(func() error {
			c, err := connect(ctx, strings.TrimPrefix(base, "http://"))
			if err != nil {
				return err
			}
			defer c.Close() //nolint:errcheck // all was read
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(numbers) {
					return nil
				}
				status, err := c.ask(objects[numbers[n]], n%every == 0)
				if err != nil {
					return fmt.Errorf("request %d: %w", n, err)
				}
				counts[i][status]++
			}
			return ctx.Err()
		})
	}
	err := group.Wait()
	all := map[int]int{}
	for _, c := range counts {
		for status, n := range c {
			all[status] += n
		}
	}
	return all, err
}

// A client is one connection. net/http's would take more time than the server.
type client struct {
	net.Conn
	host string
	in   *bufio.Reader
	stop func() bool
}

func connect(ctx context.Context, host string) (*client, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() }) // wakes who waits for it
	return &client{c, host, bufio.NewReaderSize(c, 64<<10), stop}, nil
}

// Close ends the connection.
func (c *client) Close() error {
	c.stop()
	return c.Conn.Close()
}

// ask sends one request and checks its answer. Another status than 200 is counted, not an
// error.
func (c *client) ask(o stored, whole bool) (status int, err error) {
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", o.path, c.host); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if answer.Close {
		return 0, errors.New("the server closes the connection")
	}
	if answer.StatusCode != http.StatusOK {
		_, err := io.Copy(io.Discard, answer.Body)
		return answer.StatusCode, err
	}
	return http.StatusOK, o.check(answer, whole)
}

// check reads a body.
func (o stored) check(answer *http.Response, whole bool) error {
	if answer.ContentLength != int64(o.size) {
		return fmt.Errorf("%s has %d bytes, not %d", o.path, answer.ContentLength, o.size)
	}
	if whole {
		data, err := io.ReadAll(answer.Body)
		if err == nil && asset.Hash(data) != o.hash {
			err = fmt.Errorf("%s has another digest", o.path)
		}
		return err
	}
	var start [16]byte
	if _, err := io.ReadFull(answer.Body, start[:]); err != nil {
		return err
	}
	if start != o.start {
		return fmt.Errorf("%s begins with other bytes", o.path)
	}
	_, err := io.Copy(io.Discard, answer.Body)
	return err
}
