package pipeline

import (
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A BatchState is how an item of a plan stands.
type BatchState string

// States of items: those of versions, and two more.
const (
	BatchLeftOver  BatchState = "left" // nothing has been done about it
	BatchQueued               = BatchState(asset.Queued)
	BatchRunning              = BatchState(asset.Running)
	BatchReady                = BatchState(asset.Ready)
	BatchFailed               = BatchState(asset.Failed)
	BatchOvertaken BatchState = "overtaken" // it is another model by now: nothing is to be done
)

// A Standing says how an item stands.
type Standing struct {
	State   BatchState
	Live    bool // what was made is what shoppers get
	Failure *asset.Failure
	Ended   time.Time // when it was ready or failed, where that is known
}

// ended says whether nothing more will come of it.
func (s Standing) ended() bool {
	return s.State == BatchReady || s.State == BatchFailed || s.State == BatchOvertaken
}

// A BatchTally counts the items of a plan by how they stand.
type BatchTally struct {
	Models    int `json:"models"`
	Left      int `json:"left"`
	Queued    int `json:"queued"`
	Running   int `json:"running"`
	Ready     int `json:"ready"`
	Live      int `json:"live"` // of these
	Failed    int `json:"failed"`
	Overtaken int `json:"overtaken"`
}

// Tally counts.
func Tally(all []Standing) (t BatchTally) {
	t.Models = len(all)
	counts := map[BatchState]*int{
		BatchLeftOver: &t.Left, BatchQueued: &t.Queued, BatchRunning: &t.Running,
		BatchReady: &t.Ready, BatchFailed: &t.Failed, BatchOvertaken: &t.Overtaken,
	}
	for _, s := range all {
		*counts[s.State]++
		if s.Live && s.State == BatchReady {
			t.Live++
		}
	}
	return t
}

// Ended counts those of which nothing more will come.
func (t BatchTally) Ended() int { return t.Ready + t.Failed + t.Overtaken }

// early is how many models count as ended before they have: two that fail among the first
// three say little.
const early = 50

// Stops says whether too many failed: at least two, or one if none may, and more than that
// share of those that ended. Of a phase of n models, the first 50 count as ended from the
// start: failures tend to end first.
func (t BatchTally) Stops(share float64, n int) bool {
	least := 2
	if share == 0 {
		least = 1
	}
	ended := max(t.Ready+t.Failed, min(early, n))
	return t.Failed >= least && float64(t.Failed) > share*float64(ended)
}

// recent is how many of the last ends say how fast it goes.
const recent = 200

// lately is how long ago something must have ended for a guess when all has: longer ago, nobody
// is at work.
const lately = 3 * time.Minute

// Rate is how many items end in a second, by the last of their ends, in order, up to now. It
// is 0, unknown, if the last of them was some minutes ago.
func Rate(ends []time.Time, now time.Time) float64 {
	ends = ends[max(0, len(ends)-recent):]
	if len(ends) < 2 || now.Sub(ends[len(ends)-1]) > lately {
		return 0
	}
	return float64(len(ends)-1) / max(now.Sub(ends[0]).Seconds(), 1e-3)
}
