package metrics

import (
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"
)

// standing reads how a worker stands whenever it is asked.
type standing struct{ state func() State }

// Describe sends the descriptions of all gauges.
func (s *standing) Describe(out chan<- *prometheus.Desc) {
	for _, m := range []Metric{slots, slotsBusy, memoryBudget, memoryInUse, memoryResident} {
		out <- m.Desc()
	}
}

// Collect sends all gauges.
func (s *standing) Collect(out chan<- prometheus.Metric) {
	send := func(m Metric, value float64) {
		out <- prometheus.MustNewConstMetric(m.Desc(), prometheus.GaugeValue, value)
	}
	now := s.state()
	send(slots, float64(now.Slots))
	send(slotsBusy, float64(now.Busy))
	send(memoryBudget, float64(now.Budget))
	send(memoryInUse, float64(now.InUse))
	if bytes, ok := resident(); ok {
		send(memoryResident, float64(bytes))
	}
}

// resident is the memory of this process that is resident, in bytes, where Linux tells.
func resident() (bytes int64, ok bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0, false
	}
	return pages * int64(os.Getpagesize()), true
}
