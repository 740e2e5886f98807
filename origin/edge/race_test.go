//go:build race

package edge

// requests are few where the race detector makes the interpreter ten times slower: it
// runs in one goroutine, so there is nothing to detect that needs more.
const requests = 3_000
