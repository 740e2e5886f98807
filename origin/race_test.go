//go:build race

package origin

// raceEnabled says that pools lose things at random.
const raceEnabled = true
