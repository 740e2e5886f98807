package cache

import "time"

// absentFor is how long a key is remembered to be absent, and mostAbsent how many are.
const (
	absentFor  = 5 * time.Second
	mostAbsent = 1 << 14
)

// absent holds the keys that the store lately didn't have. When there are too many the
// oldest is forgotten: the store is asked again. Guarded by Cache.mu.
type absent struct {
	until map[string]time.Time
	order []string // a ring, in the order they were added
	next  int
}

func (a *absent) has(key string, now time.Time) bool {
	until, ok := a.until[key]
	return ok && now.Before(until)
}

func (a *absent) add(key string, now time.Time) {
	if a.until == nil {
		a.until = map[string]time.Time{}
	}
	if _, ok := a.until[key]; ok {
		a.until[key] = now.Add(absentFor)
		return
	}
	if len(a.order) < mostAbsent {
		a.order = append(a.order, key)
	} else {
		delete(a.until, a.order[a.next])
		a.order[a.next] = key
		a.next = (a.next + 1) % mostAbsent
	}
	a.until[key] = now.Add(absentFor)
}
