// Package cost computes what an installation costs: for a million views, for ten thousand
// conversions, and by the month for what runs always. Prices are lists with source and date,
// the product's and what that has not; amounts are those that were measured, or said to be
// assumed.
package cost

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/plinth3d/plinth/pipeline/prices"
)

//go:embed prices.json
var priceList []byte

//go:embed measured.json
var measuredList []byte

// Hours of a month, as AWS counts them.
const Hours = 730

const gib = 1 << 30

// Measured is what one conversion and one view take.
type Measured struct {
	Conversion struct {
		CPUSeconds     float64 `json:"cpuSeconds"`
		SourceBytes    float64 `json:"sourceBytes"`
		RenditionBytes float64 `json:"renditionBytes"` // of all files
		Files          int     `json:"files"`
		Beats          int     `json:"beats"` // extensions of a lease
		Notes          int     `json:"notes"` // of progress
		VersionBytes   int64   `json:"versionBytes"`
		ManifestBytes  int64   `json:"manifestBytes"`
		LoggedBytes    int64   `json:"loggedBytes"`
		From           string  `json:"from"`
	} `json:"conversion"`
	View struct {
		Requests        float64 `json:"requests"` // at the edge
		Bytes           float64 `json:"bytes"`
		CPUMicroseconds float64 `json:"cpuMicroseconds"` // of the origin, for a request that reaches it
		ManifestReads   float64 `json:"manifestReads"`   // of 4 KB, for a request that reaches it
		From            string  `json:"from"`
	} `json:"view"`
	Assumed struct {
		EdgeHits      float64 `json:"edgeHits"`      // share of requests
		ShieldHits    float64 `json:"shieldHits"`    // of those that the edge misses
		OriginHits    float64 `json:"originHits"`    // of those that reach the origin
		OpenMerchants float64 `json:"openMerchants"` // share of misses that go to the bucket
		Busy          float64 `json:"busy"`          // share of a worker's time that jobs use
		LoggedBytes   float64 `json:"loggedBytesPerRequest"`
		From          string  `json:"from"`
	} `json:"assumed"`
}

// A Model is prices and amounts.
type Model struct {
	Prices   *prices.Table // the product's
	Measured Measured
	rest     map[string]float64 // what that has not: dollars a unit
}

// Load reads both lists.
func Load() (*Model, error) {
	m := &Model{rest: map[string]float64{}}
	var err error
	if m.Prices, err = prices.Load(""); err != nil {
		return nil, err
	}
	if err := strict(measuredList, &m.Measured); err != nil {
		return nil, fmt.Errorf("measured.json: %w", err)
	}
	rows, err := Rows()
	if err != nil {
		return nil, err
	}
	for _, p := range rows {
		m.rest[p.Name] = p.Dollars / p.Per
	}
	return m, nil
}

// A Row is a price that the product's own list has not, in the same form.
type Row struct {
	Name       string  `json:"name"`
	Dollars    float64 `json:"dollars"`
	Per        float64 `json:"per"`
	Source     string  `json:"source"`
	Date       string  `json:"date"`
	Confidence string  `json:"confidence"`
	Note       string  `json:"note"`
}

// Rows are all of them.
func Rows() ([]Row, error) {
	var file struct {
		Region string `json:"region"`
		Prices []Row  `json:"prices"`
	}
	if err := strict(priceList, &file); err != nil {
		return nil, fmt.Errorf("prices.json: %w", err)
	}
	return file.Prices, nil
}

func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// Of is the price of a unit of what the product's own list has not. A name that is not there
// is a mistake of the program.
func (m *Model) Of(name string) float64 {
	p, ok := m.rest[name]
	if !ok {
		panic("cost: no price of " + name)
	}
	return p
}

// A Bill is dollars by what they are for.
type Bill map[string]float64

// Total is the sum, in the order of names, so that it is the same each time.
func (b Bill) Total() (sum float64) {
	for _, k := range slices.Sorted(maps.Keys(b)) {
		sum += b[k]
	}
	return sum
}

// Plus is both.
func (b Bill) Plus(c Bill) Bill {
	sum := maps.Clone(b)
	for k, v := range c {
		sum[k] += v
	}
	return sum
}

// Conversions is what n conversions cost, uploads and a month of what is kept included, on
// workers with that many vCPUs and GB, on Spot.
func (m *Model) Conversions(n, cpus, gb float64) (Bill, error) {
	c := m.Measured.Conversion
	one := prices.Conversion{
		CPU: time.Duration(c.CPUSeconds * float64(time.Second)), Beats: c.Beats, Notes: c.Notes, Files: c.Files,
		Version: c.VersionBytes, Manifest: c.ManifestBytes, Logged: c.LoggedBytes,
	}
	d, err := m.Prices.Cost(one.Usage(), prices.Task{Spot: true, CPUs: cpus, GB: gb, Busy: m.Measured.Assumed.Busy})
	if err != nil {
		return nil, err
	}
	b := Bill{}
	for part, dollars := range d.Parts() {
		b[part] = n * dollars
	}
	kept := (c.SourceBytes + c.RenditionBytes) / gib
	const memory, took = 2.9375, 0.5 // GB and seconds of the pre-check
	b["kept"] = n * kept * m.Prices.Of(prices.S3Storage)
	b["replication"] = n*kept*m.Of("replication-gb") + n*one.Usage().WriteUnits*m.Of("dynamodb-replicated-write-unit")
	b["precheck"] = n * (memory*took*m.Of("lambda-gb-second") + m.Of("lambda-request"))
	return b, nil
}

// tiers are what a GB at the edge costs beyond so many TB a month, in North America and
// Europe: the note of the product's own price.
var tiers = []struct{ tb, dollars float64 }{{10, 0.085}, {40, 0.080}, {100, 0.060}, {350, 0.040}, {524, 0.030}, {4096, 0.025}, {1e12, 0.020}}

// egress is what so many GB in a month cost at the edge.
func egress(gb float64) (dollars float64) {
	for _, t := range tiers {
		n := min(gb, t.tb*1024)
		dollars += n * t.dollars
		gb -= n
	}
	return dollars
}

// Views is what n views in a month cost, beside what runs always.
func (m *Model) Views(n float64) Bill {
	v, a := m.Measured.View, m.Measured.Assumed
	requests := n * v.Requests
	misses := requests * (1 - a.EdgeHits) * (1 - a.ShieldHits)
	atOrigin := misses * (1 - a.OpenMerchants)
	reads := misses*a.OpenMerchants + atOrigin*(1-a.OriginHits)
	return Bill{
		"edge-egress":   egress(n * v.Bytes / gib),
		"edge-requests": requests * m.Prices.Of(prices.EdgeRequest),
		"edge-function": requests*m.Prices.Of(prices.EdgeFunction) + requests/2*m.Of("kvs-read"),
		"edge-shield":   requests * (1 - a.EdgeHits) * m.Prices.Of(prices.EdgeShield),
		"firewall":      requests * m.Of("waf-request"),
		"store":         reads * m.Prices.Of(prices.S3Get),
		"catalog":       atOrigin * v.ManifestReads * m.Prices.Of(prices.DynamoRead),
		"logs":          atOrigin * a.LoggedBytes / gib * m.Prices.Of(prices.LogsIngestion),
		"balancer":      atOrigin * v.Bytes / v.Requests / gib * m.Of("alb-lcu-hour"),
	}
}

// Edge is what a request at the edge and a GB from it cost, for the dashboard: of the first
// 10 TB, and without what origins cost.
func (m *Model) Edge() (request, gb float64) {
	one := m.Views(1 / m.Measured.View.Requests)
	return one["edge-requests"] + one["edge-function"] + one["edge-shield"] + one["firewall"], m.Prices.Of(prices.EdgeEgress)
}
