package metrics

import "slices"

// Labels of the metrics.
const (
	lane      = "lane"      // of the queue
	outcome   = "outcome"   // one of Outcomes
	stage     = "stage"     // one of Stages
	direction = "direction" // in or out
	part      = "part"      // of a cost, as package prices names them
)

// Other stands for a label's value that isn't known.
const Other = "other"

// Outcomes returns what may become of an attempt: its end as the log has it.
func Outcomes() []string {
	return []string{"done", "settled", "retried", "buried", "busy", "lost", "drained", "elsewhere"}
}

// Stages returns what an attempt goes through, in order. "-" is before the first.
func Stages() []string {
	return []string{"-", "load", "wait", "read", "measure", "simplify", "textures", "pack", "publish"}
}

// known is the value if it is one of a list, else Other: labels are bounded whatever comes.
func known(list []string, value string) string {
	if slices.Contains(list, value) {
		return value
	}
	return Other
}

// Buckets of a job's time and of a stage's: a small model takes a second, the largest
// twenty minutes.
var (
	jobBuckets   = []float64{0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1200}
	stageBuckets = []float64{0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1200}
)

// The metrics of workers.
var (
	queueDepth = Metric{
		Name: "plinth_queue_depth", Kind: Gauge, Unit: Count, Labels: []string{lane},
		Help: "Messages that wait, by lane.",
	}
	queueInFlight = Metric{
		Name: "plinth_queue_in_flight", Kind: Gauge, Unit: Count, Labels: []string{lane},
		Help: "Messages that are leased, or being retried after a while, by lane.",
	}
	queueDead = Metric{
		Name: "plinth_queue_dead_letters", Kind: Gauge, Unit: Count, Labels: []string{lane},
		Help: "Messages among the dead letters, by lane.",
	}
	queueAge = Metric{
		Name: "plinth_queue_oldest_seconds", Kind: Gauge, Unit: Seconds, Labels: []string{lane},
		Help: "Age of the oldest message that waits, by lane; with SQS of the last that this process received, as SQS tells its ApproximateAgeOfOldestMessage to CloudWatch only.",
	}
	pollErrors = Metric{
		Name: "plinth_queue_poll_errors_total", Kind: Counter, Unit: Count,
		Help: "Times that the queue could not be asked how it stands; the gauges of its lanes are away meanwhile.",
	}
	jobs = Metric{
		Name: "plinth_jobs_total", Kind: Counter, Unit: Count, Labels: []string{outcome, stage}, Totals: [][]string{{outcome}},
		Help: "Attempts at jobs that ended, by outcome and the stage they had reached.",
	}
	jobSeconds = Metric{
		Name: "plinth_job_seconds", Kind: Histogram, Unit: Seconds, Labels: []string{outcome}, Buckets: jobBuckets,
		Help: "Time from an attempt's lease to its end, by outcome.",
	}
	jobWait = Metric{
		Name: "plinth_job_memory_wait_seconds", Kind: Histogram, Unit: Seconds, Buckets: jobBuckets,
		Help: "Time that attempts waited for memory of the worker's budget.",
	}
	stageSeconds = Metric{
		Name: "plinth_stage_seconds", Kind: Histogram, Unit: Seconds, Labels: []string{stage}, Buckets: stageBuckets,
		Help: "Time that attempts spent in a stage.",
	}
	stageCPU = Metric{
		Name: "plinth_stage_cpu_seconds", Kind: Histogram, Unit: Seconds, Labels: []string{stage}, Buckets: stageBuckets,
		Help: "CPU time that attempts took in a stage, on all cores.",
	}
	jobBytes = Metric{
		Name: "plinth_job_bytes_total", Kind: Counter, Unit: Bytes, Labels: []string{direction},
		Help: "Bytes that attempts read from the store (in) and wrote to it (out).",
	}
	jobDollars = Metric{
		Name: "plinth_job_dollars_total", Kind: Counter, Unit: None, Labels: []string{part}, Totals: [][]string{{}},
		Help: "US dollars that attempts cost by the price table, by part: cpu, memory, queue, store, catalog, logs.",
	}
	memoryResident = Metric{
		Name: "plinth_memory_resident_bytes", Kind: Gauge, Unit: Bytes,
		Help: "Memory of the process that is resident; away where /proc doesn't tell.",
	}
	memoryBudget = Metric{
		Name: "plinth_memory_budget_bytes", Kind: Gauge, Unit: Bytes,
		Help: "Memory that jobs may use at a time.",
	}
	memoryInUse = Metric{
		Name: "plinth_memory_in_use_bytes", Kind: Gauge, Unit: Bytes,
		Help: "Memory of the budget that jobs at hand were given.",
	}
	slots = Metric{
		Name: "plinth_slots", Kind: Gauge, Unit: Count,
		Help: "Jobs that the worker does at a time.",
	}
	slotsBusy = Metric{
		Name: "plinth_slots_busy", Kind: Gauge, Unit: Count,
		Help: "Jobs that the worker is doing.",
	}
)

// All returns the table of workers' metrics. The origin has its own.
func All() []Metric {
	return []Metric{
		queueDepth, queueInFlight, queueDead, queueAge, pollErrors,
		jobs, jobSeconds, jobWait, stageSeconds, stageCPU, jobBytes, jobDollars,
		memoryResident, memoryBudget, memoryInUse, slots, slotsBusy,
	}
}
