package sqstest

import (
	"net/http"
	"slices"
	"time"
)

// A Fault is a way in which an answer goes wrong. Several go together.
type Fault func(*plan)

// plan is what is to be done to one answer. Faults run while the server is locked.
type plan struct {
	refuse *answer           // instead of doing what was asked
	hangup bool              // without doing what was asked
	lose   bool              // after doing what was asked
	holds  []<-chan struct{} // each lets the request in
	delay  time.Duration     // before the request is let in
	entry  func(i int) (f *failed, drop bool)
}

type rule struct {
	operation, queue string
	faults           []Fault
}

// Break makes answers to that operation, of that queue, go wrong from now on; an empty
// string is any. The function that it returns ends that.
func (s *Server) Break(operation, queue string, faults ...Fault) (heal func()) {
	r := &rule{operation, queue, faults}
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
			for _, f := range faults {
				f(p)
			}
		}
	}
}

// Status answers with a status and one of SQS's codes, and does nothing else: 400
// RequestThrottled, 503 ServiceUnavailable, 403 AccessDeniedException.
func Status(status int, code string) Fault {
	return func(p *plan) { p.refuse = failure(status, code, "It is told to fail.") }
}

// Page answers with a status and a page of HTML, as a proxy in between does.
func Page(status int) Fault {
	return func(p *plan) {
		p.refuse = &answer{status, http.Header{"Content-Type": {"text/html"}}, nil, "<html><body><h1>It fails<br></body></html>"}
	}
}

// Nothing answers at once that there is no message, however long it should wait.
func Nothing() Fault { return func(p *plan) { p.refuse = success(struct{}{}) } }

// Hangup closes the connection instead of answering: the server is down.
func Hangup() Fault { return func(p *plan) { p.hangup = true } }

// Lose does what was asked and closes the connection instead of saying so.
func Lose() Fault { return func(p *plan) { p.lose = true } }

// Seldom lets faults happen to some requests: which is asked at each, one at a time.
func Seldom(which func() bool, faults ...Fault) Fault {
	return func(p *plan) {
		if which() {
			for _, f := range faults {
				f(p)
			}
		}
	}
}

// Hold lets the request in when something can be received from gate, which may be closed.
func Hold(gate <-chan struct{}) Fault {
	return func(p *plan) { p.holds = append(p.holds, gate) }
}

// Delay lets the request in after a while.
func Delay(d time.Duration) Fault { return func(p *plan) { p.delay += d } }

// Entries fails some entries of a batch and does the others: those for which which
// returns true.
func Entries(code string, sender bool, which func(i int) bool) Fault {
	return func(p *plan) {
		p.entry = func(i int) (*failed, bool) {
			if !which(i) {
				return nil, false
			}
			return &failed{Code: code, Message: "It is told to fail.", SenderFault: sender}, false
		}
	}
}

// Forgotten leaves some entries of a batch undone and out of the answer.
func Forgotten(which func(i int) bool) Fault {
	return func(p *plan) { p.entry = func(i int) (*failed, bool) { return nil, which(i) } }
}

// note counts a request and returns what the rules make of it.
func (s *Server) note(r Request) plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	s.change()
	var p plan
	for _, rule := range s.rules {
		if matches(r, rule.operation, rule.queue) {
			for _, f := range rule.faults {
				f(&p)
			}
		}
	}
	return p
}
