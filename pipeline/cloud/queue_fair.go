package cloud

import (
	"math"
	"time"
)

// limit is how many of so many slots a merchant holds while others wait.
func limit(share float64, slots int) int {
	return max(1, int(math.Ceil(share*float64(slots))))
}

// fairly puts messages in the order in which slots are due to their merchants: in turns,
// who holds fewest first, and who holds as many as the limit after all others. held is
// changed as if all were handed out.
func fairly(hand []*message, held map[string]int, limit int) []*message {
	left := append([]*message(nil), hand...)
	order := make([]*message, 0, len(hand))
	for len(left) > 0 {
		best := 0
		for i, m := range left {
			if before(held[m.asks.merchant()], held[left[best].asks.merchant()], limit) {
				best = i
			}
		}
		m := left[best]
		left = append(left[:best], left[best+1:]...)
		held[m.asks.merchant()]++
		order = append(order, m)
	}
	return order
}

// before tells if who holds a is due before who holds b.
func before(a, b, limit int) bool {
	if full := b >= limit; full != (a >= limit) {
		return full
	}
	return a < b
}

// held counts the leases of each merchant. Leases that ran out don't count; their
// workers may never end them. The queue is locked.
func (q *Queue) held() map[string]int {
	held := map[string]int{}
	now := time.Now()
	for l := range q.leases {
		if now.Sub(l.since()) > q.config.LeaseTime {
			delete(q.leases, l)
			continue
		}
		held[l.message.asks.merchant()]++
	}
	return held
}
