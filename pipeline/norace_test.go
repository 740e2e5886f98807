//go:build !race

package pipeline

// RaceEnabled says whether the race detector is on: what takes minutes with it is left out.
const RaceEnabled = false
