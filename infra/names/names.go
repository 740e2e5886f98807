// Package names holds what the infrastructure and the product must call by one name:
// queues, metrics, keys of the store, flags. Each list stands here once, and is held against
// the product by a test where the product tells it.
package names

import (
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/metrics"
)

// Lanes are the queues of jobs, most urgent first: the product's.
var Lanes = lanes(asset.DefaultLanes)

// A Lane is a queue of jobs; the queue's name is NAME-LANE, that of its dead letters
// NAME-LANE-dead.
type Lane struct{ Name string }

func lanes(text string) (all []Lane) {
	for l := range strings.SplitSeq(text, ",") {
		name, _, _ := strings.Cut(l, "=")
		all = append(all, Lane{name})
	}
	return all
}

// Uploads is the queue of uploads that wait for the pre-check.
const Uploads = "uploads"

// Timing and limits of the queues.
const (
	// Visibility is the lease of a job until its worker first extends it, in seconds. The
	// worker names its own, --lease, with each receipt.
	Visibility = 120
	// Receives is when SQS takes a message away that nobody buried with a reason. It is above
	// the product's own five.
	Receives = 10
	// DeadDays is how long dead letters are kept.
	DeadDays = 14
	// LaneDays is how long jobs are. One that waits longer is sent again: workers look for what
	// the catalog has had queued for an hour.
	LaneDays = 4
)

// Prefixes of keys: in the bucket of uploads, and in the store.
const (
	Raw        = "raw/"            // raw/MERCHANT/MODEL.glb
	Source     = "source/"         // source/MERCHANT/SHA256
	Recipe     = "recipe/"         // recipe/HASH
	Rendition  = asset.Renditions  // rendition/MERCHANT/SHA256
	Checkpoint = asset.Checkpoints // of jobs that were broken off
	Sweep      = asset.Sweeps      // marks of those who remove garbage
	UploadEnd  = ".glb"
)

// SigningKeys is the one object of the store that people put there: the keys of merchants whose
// URLs are signed.
const SigningKeys = "keys/signing.json"

// Indexes of the catalog's table.
const (
	ByState    = "by-state"
	ByMerchant = "by-merchant"
)

// Ports of the origin.
const (
	OriginPort = 8080
	AdminPort  = 9090 // /healthz, /readyz, /metrics
)

// Namespace is that of the product's own metrics in CloudWatch.
const Namespace = metrics.Namespace

// Metrics of the product that alarms and the dashboard read. A test looks them up, with their
// dimensions, in the product's own tables.
const (
	Jobs          = "plinth_jobs_total"                  // by outcome
	JobSeconds    = "plinth_job_seconds"                 // by outcome
	JobWait       = "plinth_job_memory_wait_seconds"     // for memory, once a worker has the job
	JobDollars    = "plinth_job_dollars_total"           // in all
	Requests      = "plinth_origin_requests_total"       // by status
	Objects       = "plinth_origin_objects_total"        // by layer, and in all
	BackendErrors = "plinth_origin_backend_errors_total" // of the store, in all
	Manifests     = "plinth_origin_manifests_total"      // by outcome
)

// Cooldowns of the scaling policies, in seconds: more tasks soon, fewer late, since a lull
// between two uploads of a catalog is no end. Package scale runs the policies with the same.
const (
	WorkersOut = 60
	WorkersIn  = 300
	OriginsOut = 60
	OriginsIn  = 300
)
