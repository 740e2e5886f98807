// Package names holds what the infrastructure and the product must call by one name:
// queues, metrics, keys of the store, flags. Each list stands here once, and is held against
// the product by a test where the product tells it.
package names

// Lanes are the queues of jobs, most urgent first, each with its share of a worker's turns.
var Lanes = []Lane{{"interactive", 6}, {"bulk", 3}, {"backfill", 1}}

// A Lane is a queue of jobs; the queue's name is NAME-LANE, that of its dead letters
// NAME-LANE-dead.
type Lane struct {
	Name   string
	Weight int
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
	// LaneDays is how long jobs are. A job that waits longer is sent again by whoever starts next.
	LaneDays = 4
)

// Prefixes of keys: in the bucket of uploads, and in the store.
const (
	Raw        = "raw/"       // raw/MERCHANT/MODEL.glb
	Source     = "source/"    // source/MERCHANT/SHA256
	Recipe     = "recipe/"    // recipe/HASH
	Rendition  = "rendition/" // rendition/MERCHANT/SHA256
	UploadSuff = ".glb"
)

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
const Namespace = "Plinth"

// Metrics that the product writes with --metrics emf and that alarms or the dashboard read.
// Each has the dimension Service, which is the role: worker, origin, precheck.
const (
	JobsDone       = "JobsDone"       // count
	JobsFailed     = "JobsFailed"     // count: attempts that end in a retry
	JobsBuried     = "JobsBuried"     // count
	JobSeconds     = "JobSeconds"     // seconds from lease to publication
	JobWait        = "JobWait"        // seconds from submission to lease
	Requests       = "Requests"       // count
	RequestErrors  = "RequestErrors"  // count: answers of 500 and above
	RequestSeconds = "RequestSeconds" // seconds
	CacheHits      = "CacheHits"      // count: files from memory or disk
	CacheMisses    = "CacheMisses"    // count: files from the store
	BackendErrors  = "BackendErrors"  // count: reads of store or catalog that failed
)

// Emitted are all metrics that the product writes.
var Emitted = []string{
	JobsDone, JobsFailed, JobsBuried, JobSeconds, JobWait,
	Requests, RequestErrors, RequestSeconds, CacheHits, CacheMisses, BackendErrors,
}
