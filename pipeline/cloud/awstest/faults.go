package awstest

import (
	"math/rand/v2"
	"sync"
	"time"
)

// A Fault is what goes wrong with a call.
type Fault string

// What can go wrong. Whatever goes wrong later, the server has done what it was asked for.
const (
	None       Fault = ""
	Lost       Fault = "lost"       // the server never hears of it, and the connection is closed
	Refused    Fault = "refused"    // 503, and the server never hears of it
	Denied     Fault = "denied"     // 403, for want of a permission, and the server never hears of it
	Late       Fault = "late"       // it waited on its way
	Unanswered Fault = "unanswered" // the server does it, and the connection is closed
	Cut        Fault = "cut"        // the server does it, and the connection is closed in the middle of the answer
)

// Random lets a share of the calls go wrong, in all ways that pass equally often. Those that are late
// wait up to slowest.
func Random(seed uint64, share float64, slowest time.Duration) func(Call) Fault {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, 1))
	kinds := []Fault{Lost, Refused, Late, Unanswered, Cut}
	return func(Call) Fault {
		mu.Lock()
		wrong, kind, wait := dice.Float64() < share, kinds[dice.IntN(len(kinds))], time.Duration(dice.Int64N(int64(slowest)+1))
		mu.Unlock()
		if !wrong {
			return None
		}
		if kind == Late {
			time.Sleep(wait)
		}
		return kind
	}
}
