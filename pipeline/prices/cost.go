package prices

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"time"
)

// A Task is what a worker runs on.
type Task struct {
	X86  bool    // else arm64
	Spot bool    // else on-demand
	CPUs float64 // vCPUs
	GB   float64 // of memory
	Busy float64 // share of the CPU time paid for that jobs use: above 0, at most 1
}

// DefaultTask is what infra runs workers on. A fifth of its time is start-up, waiting for
// jobs and for the network.
func DefaultTask() Task { return Task{Spot: true, CPUs: 2, GB: 8, Busy: 0.8} }

// Check returns an error unless there can be such a task.
func (t Task) Check() error {
	switch {
	case !(t.CPUs > 0) || math.IsInf(t.CPUs, 0):
		return fmt.Errorf("a task has %g vCPUs; it must have some", t.CPUs)
	case !(t.GB > 0) || math.IsInf(t.GB, 0):
		return fmt.Errorf("a task has %g GB of memory; it must have some", t.GB)
	case !(t.Busy > 0 && t.Busy <= 1):
		return fmt.Errorf("a task is busy for a share of %g of its time, not above 0 and at most 1", t.Busy)
	}
	return nil
}

// Usage is what was asked of AWS.
type Usage struct {
	CPU         time.Duration // on all cores
	Requests    float64       // to SQS, of up to 64 KB each
	Puts, Gets  float64       // to S3
	KMS         float64       // requests; with bucket keys, S3 makes next to none
	ReadUnits   float64       // of DynamoDB
	WriteUnits  float64
	LoggedBytes float64
}

// Plus is the sum of two.
func (u Usage) Plus(v Usage) Usage {
	return Usage{
		u.CPU + v.CPU, u.Requests + v.Requests, u.Puts + v.Puts, u.Gets + v.Gets, u.KMS + v.KMS,
		u.ReadUnits + v.ReadUnits, u.WriteUnits + v.WriteUnits, u.LoggedBytes + v.LoggedBytes,
	}
}

// Dollars is a cost by its parts.
type Dollars struct {
	CPU     float64 `json:"cpu"`
	Memory  float64 `json:"memory"`
	Queue   float64 `json:"queue"`
	Store   float64 `json:"store"` // requests; what is kept costs by the month
	Catalog float64 `json:"catalog"`
	Logs    float64 `json:"logs"`
}

// Parts yields the parts by name, always in the same order.
func (d Dollars) Parts() iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		_ = yield("cpu", d.CPU) && yield("memory", d.Memory) && yield("queue", d.Queue) &&
			yield("store", d.Store) && yield("catalog", d.Catalog) && yield("logs", d.Logs)
	}
}

// Total is the sum of all parts.
func (d Dollars) Total() (sum float64) {
	for _, x := range d.Parts() {
		sum += x
	}
	return sum
}

// Times is the cost of n of the same.
func (d Dollars) Times(n float64) Dollars {
	return Dollars{d.CPU * n, d.Memory * n, d.Queue * n, d.Store * n, d.Catalog * n, d.Logs * n}
}

// gib is a GB as logs are charged, in bytes.
const gib = 1 << 30

// ErrNegative says that less than nothing was used.
var ErrNegative = errors.New("usage can't be negative")

// Cost is what usage costs, on that kind of task. A task is paid for as long as it runs:
// CPU time brings on the time in which nothing runs, and the memory beside it.
func (t *Table) Cost(u Usage, on Task) (Dollars, error) {
	if err := on.Check(); err != nil {
		return Dollars{}, err
	}
	if min(float64(u.CPU), u.Requests, u.Puts, u.Gets, u.KMS, u.ReadUnits, u.WriteUnits, u.LoggedBytes) < 0 {
		return Dollars{}, ErrNegative
	}
	cpu, gb := on.prices()
	hours := u.CPU.Hours() / on.Busy // of one vCPU
	return Dollars{
		CPU:     hours * t.Of(cpu),
		Memory:  hours * on.GB / on.CPUs * t.Of(gb),
		Queue:   u.Requests * t.Of(SQSRequest),
		Store:   u.Puts*t.Of(S3Put) + u.Gets*t.Of(S3Get) + u.KMS*t.Of(KMSRequest),
		Catalog: u.ReadUnits*t.Of(DynamoRead) + u.WriteUnits*t.Of(DynamoWrite),
		Logs:    u.LoggedBytes / gib * t.Of(LogsIngestion),
	}, nil
}

// prices names those of a vCPU and of a GB for an hour.
func (t Task) prices() (cpu, gb Name) {
	switch {
	case t.X86 && t.Spot:
		return FargateX86SpotCPU, FargateX86SpotGB
	case t.X86:
		return FargateX86CPU, FargateX86GB
	case t.Spot:
		return FargateARMSpotCPU, FargateARMSpotGB
	}
	return FargateARMCPU, FargateARMGB
}
