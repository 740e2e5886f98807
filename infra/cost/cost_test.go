package cost

import (
	"fmt"
	"math"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/pipeline/prices"
)

func model(t *testing.T) *Model {
	t.Helper()
	m, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEachPriceHasItsSourceAndDate(t *testing.T) {
	rows, err := Rows()
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, r := range rows {
		source, err := url.Parse(r.Source)
		if err != nil || source.Scheme != "https" || source.Host != "aws.amazon.com" {
			t.Errorf("%s is from %q", r.Name, r.Source)
		}
		if _, err := time.Parse(time.DateOnly, r.Date); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
		if !(r.Dollars > 0) || !(r.Per >= 1) || r.Note == "" || !slices.Contains([]string{prices.Confirmed, prices.Secondhand, prices.Remembered, prices.Approximate}, r.Confidence) {
			t.Errorf("%+v is not whole", r)
		}
		if slices.Contains(prices.Names(), prices.Name(r.Name)) || slices.Contains(seen, r.Name) {
			t.Errorf("%s is there twice", r.Name)
		}
		seen = append(seen, r.Name)
	}
	measured := model(t).Measured
	for what, from := range map[string]string{"a conversion": measured.Conversion.From, "a view": measured.View.From, "what is assumed": measured.Assumed.From} {
		if len(from) < 40 {
			t.Errorf("%s is from %q", what, from)
		}
	}
}

// near is equal to a tenth of a percent.
func near(got, want float64) bool { return math.Abs(got-want) <= math.Abs(want)/1000 }

// Computed by hand, from the two lists: a change of either is to be seen here.
func TestAMillionViews(t *testing.T) {
	m := model(t)
	v := m.Measured.View
	b := m.Views(1e6)
	for part, want := range map[string]float64{
		"edge-egress":   1e6 * v.Bytes / (1 << 30) * 0.085,
		"edge-requests": 2e6 / 1e4 * 0.01,
		"firewall":      2e6 / 1e6 * 0.6,
		"edge-shield":   2e6 * 0.05 / 1e4 * 0.0075,
		"store":         (2e6*0.05*0.5*0.8 + 2e6*0.05*0.5*0.2*0.1) / 1000 * 0.0004,
	} {
		if !near(b[part], want) {
			t.Errorf("%s costs %g, want %g", part, b[part], want)
		}
	}
	if got, want := b.Total(), 45.50; !near(got, want) {
		t.Errorf("a million views cost $%.2f, want %.2f: %v", got, want, b)
	}
}

func TestTenThousandConversions(t *testing.T) {
	m := model(t)
	c, err := config.Load("prod")
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Conversions(1e4, float64(c.Fleet.CPU)/1024, float64(c.Fleet.MemoryMiB)/1024)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := b["cpu"], 1e4*m.Measured.Conversion.CPUSeconds/0.8/3600*0.009714; !near(got, want) {
		t.Errorf("CPU time costs %g, want %g", got, want)
	}
	if got, want := b.Total(), 4.875; !near(got, want) {
		t.Errorf("ten thousand conversions cost $%.2f, want %.2f: %v", got, want, b)
	}
}

// What workers say that jobs cost is of the task that they run on.
func TestWorkersRunOnTheTaskThatPricesAreOf(t *testing.T) {
	c, err := config.Load("prod")
	if err != nil {
		t.Fatal(err)
	}
	want := prices.Task{Spot: true, CPUs: float64(c.Fleet.CPU) / 1024, GB: float64(c.Fleet.MemoryMiB) / 1024, Busy: model(t).Measured.Assumed.Busy}
	if got := prices.DefaultTask(); got != want {
		t.Errorf("prices are of %+v, workers run on %+v", got, want)
	}
}

func TestBytesGetCheaperByTheTerabyte(t *testing.T) {
	for _, test := range []struct{ gb, want float64 }{
		{0, 0},
		{1, 0.085},
		{10 * 1024, 10 * 1024 * 0.085},
		{50 * 1024, 10*1024*0.085 + 40*1024*0.080},
		{51 * 1024, 10*1024*0.085 + 40*1024*0.080 + 1024*0.060},
	} {
		if got := egress(test.gb); !near(got, test.want) {
			t.Errorf("%g GB cost %g, want %g", test.gb, got, test.want)
		}
	}
}

// Sizes are what the README says of installations of three sizes.
func sizes(t *testing.T) string {
	t.Helper()
	m := model(t)
	c, err := config.Load("prod")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| views a month | conversions | origins (2 vCPU, 8 GB), at the peak | workers (2 vCPU, 8 GB), on average | always $ | for views $ | for conversions $ | in all $ | $ per 1M views |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, size := range []struct{ views, conversions float64 }{{1e6, 1e3}, {1e8, 2e4}, {1e9, 2e5}} {
		month, err := m.For(c, size.views, size.conversions)
		if err != nil {
			t.Fatal(err)
		}
		always, views := m.Always(c).Total(), m.Views(size.views).Total()
		all := month.Bill.Total()
		fmt.Fprintf(&b, "| %.0fM | %.0f | %d | %.2f | %.0f | %.0f | %.2f | %.0f | %.2f |\n", size.views/1e6, size.conversions, month.Origins, month.Workers, always, views, all-always-views, all, all/size.views*1e6)
	}
	return b.String()
}

func TestTheReadmeHasTheSizes(t *testing.T) {
	const file = "../README.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const head = "| views a month | conversions |"
	start := strings.Index(string(text), head)
	if start < 0 {
		t.Fatalf("%s has no table of sizes:\n%s", file, sizes(t))
	}
	rest := string(text[start:])
	old := rest
	if end := strings.Index(rest, "\n\n"); end >= 0 {
		old = rest[:end+1]
	}
	want := sizes(t)
	if old == want {
		return
	}
	if os.Getenv("GOLDEN") != "update" {
		t.Fatalf("%s has\n%swant\n%sGOLDEN=update go test ./cost rewrites it", file, old, want)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, want, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The three installations at rest, so that a setting that costs is seen.
func TestWhatRunsAlways(t *testing.T) {
	m := model(t)
	for env, want := range map[string]float64{"dev": 225.91, "prod": 1242.48, "dr": 354.47} {
		c, err := config.Load(env)
		if err != nil {
			t.Fatal(err)
		}
		b := m.Always(c)
		if got := b.Total(); !near(got, want) {
			t.Errorf("%s costs $%.2f a month at rest, want %.2f: %v", env, got, want, b)
		}
		if b.Total() > float64(c.Budget) {
			t.Errorf("%s costs $%.0f at rest, its budget is %d", env, b.Total(), c.Budget)
		}
	}
}
