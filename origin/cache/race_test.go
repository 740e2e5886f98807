//go:build race

package cache

// racing says whether the race detector is on: what takes minutes with it is shortened.
const racing = true
