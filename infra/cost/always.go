package cost

import (
	"math"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/pipeline/prices"
)

// What there is of each, whatever the traffic.
const (
	endpointCount = 4  // interface endpoints, in each zone
	machineCount  = 3  // more where there may be machines
	ruleCount     = 4  // of the firewall
	alarmCount    = 40 // and as many metrics of Container Insights
)

// Always is what an installation costs by the month when nobody uses it.
func (m *Model) Always(c *config.Config) Bill {
	origins := float64(c.Origin.PerZone * len(c.Zones))
	endpoints := endpointCount
	if c.Fleet.Large != nil {
		endpoints += machineCount
	}
	b := Bill{
		"origins":   origins * Hours * m.task(c.Origin.CPU, c.Origin.MemoryMiB, max(c.Origin.DiskGiB+5, 21), false),
		"workers":   float64(max(min(c.Fleet.Min, c.Fleet.OnDemand), 0))*Hours*m.task(c.Fleet.CPU, c.Fleet.MemoryMiB, c.Fleet.ScratchGiB, false) + float64(max(c.Fleet.Min-c.Fleet.OnDemand, 0))*Hours*m.task(c.Fleet.CPU, c.Fleet.MemoryMiB, c.Fleet.ScratchGiB, true),
		"balancer":  Hours * (m.Of("alb-hour") + m.Of("alb-lcu-hour")),
		"endpoints": Hours * float64(endpoints*len(c.Zones)) * m.Of("endpoint-hour"),
		"ledger":    Hours * float64(c.Ledger.Instances) * c.Ledger.MinACU * m.Of("aurora-acu-hour"),
		"observe":   alarmCount*(m.Prices.Of(prices.Alarm)+m.Of("container-insights-month")) + m.Of("health-check-month"),
		"key":       m.Prices.Of(prices.KMSKey),
	}
	if c.Edge != nil {
		b["firewall"] = m.Of("waf-acl-month") + ruleCount*m.Of("waf-rule-month")
		if c.Edge.ShieldAdvanced {
			b["shield-advanced"] = 3000
		}
	}
	return b
}

// task is what a task costs in an hour.
func (m *Model) task(cpu, memory, disk int, spot bool) float64 {
	c, g := m.Prices.Of(prices.FargateARMCPU), m.Prices.Of(prices.FargateARMGB)
	if spot {
		c, g = m.Prices.Of(prices.FargateARMSpotCPU), m.Prices.Of(prices.FargateARMSpotGB)
	}
	return float64(cpu)/1024*c + float64(memory)/1024*g + float64(max(disk-20, 0))*m.Prices.Of(prices.FargateStorage)
}

// WorkerHour is what one worker costs in an hour.
func (m *Model) WorkerHour(c *config.Config, spot bool) float64 {
	return m.task(c.Fleet.CPU, c.Fleet.MemoryMiB, c.Fleet.ScratchGiB, spot)
}

// OriginHour is what one origin costs in an hour.
func (m *Model) OriginHour(c *config.Config) float64 {
	return m.task(c.Origin.CPU, c.Origin.MemoryMiB, max(c.Origin.DiskGiB+5, 21), false)
}

// A Month is an installation with so many views, and a share of a catalog that changes.
type Month struct {
	Views       float64
	Conversions float64
	Origins     int     // tasks at the peak
	Workers     float64 // tasks that the conversions need on average
	Bill        Bill
}

// peak is how much more there is at the busiest minute than on average: a day's curve, and a
// sale.
const peak = 6

// For is the month of an installation with so many views and conversions.
func (m *Model) For(c *config.Config, views, conversions float64) (Month, error) {
	converted, err := m.Conversions(conversions, float64(c.Fleet.CPU)/1024, float64(c.Fleet.MemoryMiB)/1024)
	if err != nil {
		return Month{}, err
	}
	a, v := m.Measured.Assumed, m.Measured.View
	atOrigin := views * v.Requests * (1 - a.EdgeHits) * (1 - a.ShieldHits) * (1 - a.OpenMerchants)
	minute := atOrigin / (Hours * 60) * peak
	month := Month{
		Views: views, Conversions: conversions,
		Origins: max(c.Origin.PerZone*len(c.Zones), int(math.Ceil(minute/float64(c.Origin.Requests)))),
		Workers: conversions * m.Measured.Conversion.CPUSeconds / a.Busy / (float64(c.Fleet.CPU) / 1024) / (Hours * 3600),
	}
	month.Bill = m.Always(c).Plus(m.Views(views)).Plus(converted)
	return month, nil
}
