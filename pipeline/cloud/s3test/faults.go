package s3test

import (
	"fmt"
	"slices"
)

// A Fault is a way in which an answer goes wrong. Several go together.
type Fault func(*plan)

// plan is what is to be done to one answer. Faults run while the server is locked.
type plan struct {
	refuse *answer           // instead of doing what was asked
	hangup bool              // without doing what was asked
	lose   bool              // after doing what was asked
	holds  []<-chan struct{} // each lets the answer's first byte go
	tick   <-chan struct{}   // each lets step bytes of the body go
	step   int
	keep   int // bytes of the body that are sent before the connection is closed; -1 is all
	edits  []func(*answer)
	after  []func(s *Server, path string)
}

type rule struct {
	method, key string
	faults      []Fault
}

// Break makes answers to requests with that method, for objects whose path ends with
// key, go wrong from now on; an empty string is any. The function that it returns ends
// that.
func (s *Server) Break(method, key string, faults ...Fault) (heal func()) {
	r := &rule{method, key, faults}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, r)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.rules = slices.DeleteFunc(s.rules, func(other *rule) bool { return other == r })
	}
}

// Heal ends all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// Times lets faults happen to the first n requests only.
func Times(n int, faults ...Fault) Fault {
	return func(p *plan) {
		if n > 0 {
			n--
			all(p, faults)
		}
	}
}

// Skip lets faults happen to all requests but the first n.
func Skip(n int, faults ...Fault) Fault {
	return func(p *plan) {
		if n == 0 {
			all(p, faults)
		} else {
			n--
		}
	}
}

func all(p *plan, faults []Fault) {
	for _, f := range faults {
		f(p)
	}
}

// Status answers with a status and one of S3's codes, and does nothing else: 503
// SlowDown, 500 InternalError, 403 AccessDenied, 404 NoSuchKey.
func Status(status int, code string) Fault {
	return func(p *plan) { p.refuse = failure(status, code, "It is told to fail.") }
}

// Page answers with a status and a page of HTML, as a proxy in between does.
func Page(status int) Fault {
	return func(p *plan) {
		p.refuse = newAnswer(status)
		p.refuse.header.Set("Content-Type", "text/html")
		p.refuse.body = []byte("<html><body><h1>It fails<br></body></html>")
	}
}

// Hangup closes the connection instead of answering: the server is down.
func Hangup() Fault { return func(p *plan) { p.hangup = true } }

// Lose does what was asked and closes the connection instead of saying so.
func Lose() Fault { return func(p *plan) { p.lose = true } }

// Hold keeps the answer's first byte back until something can be received from gate,
// which may be closed. What is answered is decided before that.
func Hold(gate <-chan struct{}) Fault {
	return func(p *plan) { p.holds = append(p.holds, gate) }
}

// Drip sends n bytes of the body each time something can be received from tick. A
// closed one lets the rest go.
func Drip(n int, tick <-chan struct{}) Fault {
	return func(p *plan) { p.step, p.tick = n, tick }
}

// Truncate declares the whole body, sends n bytes of it and closes the connection.
func Truncate(n int) Fault { return func(p *plan) { p.keep = n } }

// Flip sends the body with the lowest bit of byte n, from the start of the part that
// is sent, changed. A body without that byte stays as it is.
func Flip(n int) Fault {
	return edit(func(a *answer) {
		if a.status < 300 && n < len(a.body) {
			a.body = slices.Clone(a.body)
			a.body[n] ^= 1
		}
	})
}

// Whole answers as if no range had been asked for.
func Whole() Fault {
	return edit(func(a *answer) {
		if a.of != nil && a.status == 206 {
			a.status, a.body = 200, a.of.data
			a.header.Del("Content-Range")
		}
	})
}

// Shift answers with a range that begins n bytes after the one asked for, and says so.
func Shift(n int) Fault {
	return edit(func(a *answer) {
		if a.of != nil && a.status == 206 {
			a.part(a.first+n, a.first+n+len(a.body))
		}
	})
}

// Header sets a field of the answer; an empty value removes it.
func Header(name, value string) Fault {
	return edit(func(a *answer) {
		if a.header.Del(name); value != "" {
			a.header.Set(name, value)
		}
	})
}

// Replace puts another object in the place of the one that is asked for, once the
// answer is decided: the next read of the same object meets it.
func Replace(data []byte) Fault {
	return func(p *plan) {
		p.after = append(p.after, func(s *Server, path string) { s.put(path, data, "") })
	}
}

func edit(f func(*answer)) Fault { return func(p *plan) { p.edits = append(p.edits, f) } }

// part makes the answer bytes first to end of its object, as far as there are any.
func (a *answer) part(first, end int) {
	size := len(a.of.data)
	a.first, end = min(first, size), min(end, size)
	a.body = a.of.data[a.first:end]
	a.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", a.first, end-1, size))
}
