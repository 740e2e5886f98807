package asset

import (
	"context"
	"fmt"
	"time"
)

// State is where a version of a model is in its life.
type State string

// A version is queued, then running, then ready or failed.
const (
	Queued  State = "queued"
	Running State = "running"
	Ready   State = "ready"
	Failed  State = "failed"
)

// A Version is one upload of a model, with what is known of it.
type Version struct {
	Merchant  string    `json:"merchant"`
	Model     string    `json:"model"`
	Version   string    `json:"version"`
	Source    string    `json:"source"` // SHA-256 of the file
	Bytes     int64     `json:"bytes"`
	Unit      string    `json:"unit"`
	Recipe    RecipeRef `json:"recipe"`
	State     State     `json:"state"`
	Stage     string    `json:"stage"`
	Percent   float64   `json:"percent"`
	Attempts  int       `json:"attempts"`
	Findings  []Finding `json:"findings"`
	Failure   *Failure  `json:"failure,omitempty"`
	Submitted time.Time `json:"submitted"` // when it got its number last
	Updated   time.Time `json:"updated"`   // when its state changed last, or its job was sent again
	Live      bool      `json:"live"`      // its manifest is the current one
}

// A Failure says why a version has no levels, and how to see it happen again.
type Failure struct {
	Code      string `json:"code"`
	Stage     string `json:"stage"`
	Reason    string `json:"reason"`
	Reproduce string `json:"reproduce"` // a command
}

// Ref is the job of v.
func (v Version) Ref() Job { return Job{v.Merchant, v.Model, v.Version} }

// ErrBusy says that a version is being worked on: its claim is neither ended nor over.
// It is an ErrConflict too. A job that meets it is worth another try later.
var ErrBusy = fmt.Errorf("%w: someone is at work on it", ErrConflict)

// A Catalog knows all models, their versions and which manifest is current.
//
// An epoch counts who has worked on a version: each Claim returns a higher one, and
// what comes with an older one is refused with ErrConflict. A worker that lost its
// lease can so not overwrite what its successor did. Epochs alone decide that; a claim's
// time only keeps a second worker from starting what a first one is still at. It is
// measured by the clocks of those who claim, which may differ a little.
//
// A model numbers its uploads and restores in the order they come. Its current manifest
// has the number of what made it current, and gives way to a higher one only: a slow
// job never undoes what was uploaded or restored after its own upload.
type Catalog interface {
	// Submit records an upload and makes it the newest of its model. A version
	// that is ready, queued or running stays as it is, but for its number if something
	// came after it; a failed one is queued again. A ready one is current again. It
	// returns the version as it now stands.
	Submit(ctx context.Context, v Version) (Version, error)

	// SubmitOver is Submit, if the model's newest upload and current version are still
	// those; "" is none. ErrConflict says that they aren't. It is one atomic step.
	SubmitOver(ctx context.Context, v Version, newest, current string) (Version, error)

	// Claim starts an attempt at a version: it is running, with one attempt more.
	// A version that is ready or failed is ErrConflict. One that is running is ErrBusy
	// for as long as its own claim's lease lasts, from its Claim or last Progress; a
	// lease of 0 is over at once.
	Claim(ctx context.Context, j Job, lease time.Duration) (v Version, epoch int64, err error)

	// Progress notes stage and percent of a running version and renews its claim.
	Progress(ctx context.Context, j Job, epoch int64, stage string, percent float64) error

	// Publish makes a version ready, and its manifest current unless the current one
	// has a higher number: that of a newer upload, or of a restore that came after the
	// version's last Submit. It is one atomic step. A manifest that is too large to
	// keep is ErrInvalid.
	Publish(ctx context.Context, j Job, epoch int64, m Manifest) error

	// Requeue puts a running version back in line. An attempt that was broken off
	// for no fault of its own is not counted.
	Requeue(ctx context.Context, j Job, epoch int64, counted bool) error

	// Fail ends a version for good.
	Fail(ctx context.Context, j Job, epoch int64, f Failure) error

	// Restore makes the manifest of a ready version current, be it older or newer than
	// the one that is: a rollback or its reverse. It takes the model's next number, so
	// nothing that was submitted before it, running or waiting, replaces it; what is
	// submitted after it does, the same bytes again included. Newest stays as it is.
	// A version that isn't ready is ErrConflict, one that is not there ErrNotFound.
	Restore(ctx context.Context, merchant, model, version string) error

	// Revert makes the manifest of a ready version current in the place of another one's:
	// of one that is current, or that waits or is being made while to is. It takes the
	// number of that one, so what was submitted after it replaces it once it is ready.
	// ErrConflict says that something else is current or to isn't ready, ErrNotFound that
	// one of them is not there. To do it again does no harm.
	Revert(ctx context.Context, merchant, model, from, to string) error

	// Newest returns the newest upload of a model, ErrNotFound when there is none.
	Newest(ctx context.Context, merchant, model string) (Version, error)

	// Current returns the manifest that is current, ErrNotFound when none is.
	Current(ctx context.Context, merchant, model string) (Manifest, error)

	// Manifest returns the manifest of a version, be it current or not, ErrNotFound when
	// the version is not there or was never ready.
	Manifest(ctx context.Context, merchant, model, version string) (Manifest, error)

	// Versions returns all versions of a model, the newest upload first, ErrNotFound
	// when there is none.
	Versions(ctx context.Context, merchant, model string) ([]Version, error)

	// The lists below, over many models, may be a moment behind what was written.

	// List returns the newest upload of each model of a merchant, by name.
	List(ctx context.Context, merchant string) ([]Version, error)

	// Models returns what List does, from the first model after another one, which need not
	// be there, and at most limit. It may return fewer; none says that there are no more.
	Models(ctx context.Context, merchant, after string, limit int) ([]Version, error)

	// Merchants returns all merchants that have models, by name.
	Merchants(ctx context.Context) ([]string, error)

	// Unfinished returns all versions that are queued or running, oldest first.
	Unfinished(ctx context.Context) ([]Version, error)

	// Rescue returns versions that are queued and were updated before a time, the longest
	// ago first, at most limit, and updates them: who asks next is not told of the same
	// ones. It is for a queue that may have lost their jobs. It may return some beside an
	// error.
	Rescue(ctx context.Context, before time.Time, limit int) ([]Version, error)

	// Jobs returns versions in any of the states, all when none is given, the
	// last updated first, at most limit.
	Jobs(ctx context.Context, limit int, states ...State) ([]Version, error)
}

// modelsAtOnce is how many models EachModel asks for: each may have many findings.
const modelsAtOnce = 100

// EachModel calls do with the newest upload of each model of a merchant, by name, until it
// returns an error. It holds a few of them at a time.
func EachModel(ctx context.Context, c Catalog, merchant string, do func(Version) error) error {
	for after := ""; ; {
		page, err := c.Models(ctx, merchant, after, modelsAtOnce)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, v := range page {
			if err := do(v); err != nil {
				return err
			}
		}
		after = page[len(page)-1].Model
	}
}
