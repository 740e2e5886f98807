package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// script is what wrk runs: it asks the requests of a list in turn, and reports a line of
// numbers. wrk itself prints rounded ones.
const script = `local values = {%s}
local requests, at = {}, 0
function init(args)
  for i, value in ipairs(values) do
    if value ~= "" then wrk.headers[%q] = value end
    requests[i] = wrk.format("GET", %q)
  end
end
function request()
  at = at %% #requests + 1
  return requests[at]
end
function done(s, latency)
  local e = s.errors
  io.write(string.format("%s %%d %%d %%d %%d %%d\n", s.requests, s.bytes, s.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(99)))
end
`

// mark begins the line of numbers.
const mark = "PLINTH"

// writeScript makes the script of a list of requests.
func writeScript(file, path string, all []request) error {
	values := make([]string, len(all))
	for i, q := range all {
		values[i] = fmt.Sprintf("%q", q.value)
	}
	return os.WriteFile(file, fmt.Appendf(nil, script, strings.Join(values, ", "), all[0].field, path, mark), 0o644)
}

// A count is what wrk saw.
type count struct {
	requests, bytes, errors int64
	took, p99               time.Duration
}

// parse reads the line of numbers.
func parse(out string) (c count, err error) {
	_, line, ok := strings.Cut(out, mark+" ")
	if !ok {
		return c, fmt.Errorf("wrk says no numbers: %s", out)
	}
	var took, p99 int64 // microseconds
	if _, err := fmt.Sscan(line, &c.requests, &c.bytes, &took, &c.errors, &p99); err != nil {
		return c, fmt.Errorf("wrk says %q: %w", line, err)
	}
	c.took, c.p99 = time.Duration(took)*time.Microsecond, time.Duration(p99)*time.Microsecond
	return c, nil
}

// check refuses a run with errors, or whose answers were not of the size wanted: bodies and a
// header of at most 2 KiB, and what came of the requests cut off by the end.
func (c count) check(body, conns int) error {
	least := c.requests * int64(body)
	most := (c.requests + int64(conns)) * int64(body+2048)
	switch {
	case c.requests == 0 || c.errors > 0:
		return fmt.Errorf("wrk has %d answers and %d errors", c.requests, c.errors)
	case c.bytes < least || c.bytes > most:
		return fmt.Errorf("wrk has %d bytes in %d answers, not %d to %d", c.bytes, c.requests, least, most)
	}
	return nil
}

// answers is how many came, with the parts of those that the end cut off.
func (c count) answers(body, head int) float64 {
	if body == 0 {
		return float64(c.requests)
	}
	return float64(c.bytes) / float64(body+head)
}

// wrk puts a load on a server for a while.
func (b *bench) wrk(ctx context.Context, url, script string) (count, error) {
	out, err := exec.CommandContext(ctx, "wrk", "-t1", fmt.Sprintf("-c%d", b.conns), fmt.Sprintf("-d%ds", b.seconds), "-s", script, url).CombinedOutput()
	if err != nil {
		return count{}, fmt.Errorf("wrk (Debian's package wrk): %w: %s", err, out)
	}
	return parse(string(out))
}
