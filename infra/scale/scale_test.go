package scale

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/infra/cost"
)

func prod(t *testing.T) (*config.Config, *cost.Model) {
	t.Helper()
	c, err := config.Load("prod")
	if err != nil {
		t.Fatal(err)
	}
	m, err := cost.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c, m
}

// most is what an origin of prod takes in a minute before it sheds: what fits through its
// network, which is full long before its processors are (47 us for a file). 2 vCPUs of
// Fargate are not promised any; 2.5 Gb/s is what is counted on.
func most(m *cost.Model) float64 {
	v := m.Measured.View
	return 2.5e9 / 8 * 60 / (v.Bytes / v.Requests)
}

// perMinute is how many jobs a worker of prod does.
func perMinute(c *config.Config, m *cost.Model) float64 {
	return 60 / (m.Measured.Conversion.CPUSeconds / m.Measured.Assumed.Busy / (float64(c.Fleet.CPU) / 1024))
}

// misses is what the edge lets through.
func misses(m *cost.Model) Misses {
	a := m.Measured.Assumed
	warm := (1 - a.EdgeHits) * (1 - a.ShieldHits) * (1 - a.OpenMerchants)
	return Misses{Warm: warm, Cold: 10 * warm}
}

func steady(minutes int, n float64) []float64 { return slices.Repeat([]float64{n}, minutes) }

// at is a burst after an hour of quiet, and quiet again.
func at(burst float64) []float64 {
	return append(append(steady(60, 1), burst), steady(60, 1)...)
}

func readDay(t *testing.T) []Minute {
	t.Helper()
	f, err := os.Open("testdata/day.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	day, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// The committed day is the generator's: 20,000 uploads and 100 million requests.
func TestTheDayIsTheGenerators(t *testing.T) {
	var want bytes.Buffer
	if err := Write(&want, Day(20_000, 100e6)); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/day.csv"
	if os.Getenv("GOLDEN") == "update" {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what Day makes; GOLDEN=update go test ./scale rewrites it", file)
	}
}

func TestFleet(t *testing.T) {
	c, m := prod(t)
	uploads, _ := parts(readDay(t))
	each := perMinute(c, m)
	var out strings.Builder
	fmt.Fprintf(&out, "a worker does %.1f jobs a minute\n", each)
	for _, s := range []struct {
		name  string
		trace []float64
		wait  int // minutes, at most
		lost  []Interruption
	}{
		{"an hour of one upload a minute", steady(60, 1), 0, nil},
		{"2 uploads a second for an hour", steady(60, 120), 0, nil},
		{"20 uploads a second for an hour", steady(60, 1200), 6, nil},
		{"a catalog of 1,000 within a minute", at(1000), 6, nil},
		{"a catalog of 10,000 within a minute", at(10_000), 8, nil},
		{"a catalog of 100,000 within a minute", at(100_000), 18, nil},
		{"the same, and half of Spot goes after 8 min", at(100_000), 20, []Interruption{{68, .5}}},
		{"the same, and all of Spot goes, three times", at(100_000), 26, []Interruption{{65, 1}, {68, 1}, {71, 1}}},
		{"a day of 20,000 uploads and three catalogs", uploads, 10, nil},
	} {
		j := Fleet(c, each, s.trace, s.lost...)
		dollars := j.OnPaid*m.WorkerHour(c, false) + (j.Hours-j.OnPaid)*m.WorkerHour(c, true)
		fmt.Fprintf(&out, "%-44s %7.0f jobs, %6.0f waited at once; the last waited %2d min, drained in %3d min; %3d workers, %6.1f h, $%.2f\n",
			s.name, j.Total, j.Peak, j.Wait, j.Drained, j.Workers, j.Hours, dollars)
		if j.Left > 0 || j.Wait > s.wait {
			t.Errorf("%s: %.0f left, one waited %d min, want %d", s.name, j.Left, j.Wait, s.wait)
		}
		if j.Workers > c.Fleet.Max || j.Workers < c.Fleet.Min {
			t.Errorf("%s: %d workers, not %d to %d", s.name, j.Workers, c.Fleet.Min, c.Fleet.Max)
		}
	}
	golden(t, "fleet.txt", out.String())
}

func TestOrigin(t *testing.T) {
	c, m := prod(t)
	_, requests := parts(readDay(t))
	var out strings.Builder
	fmt.Fprintf(&out, "an origin takes %.0f requests a minute, and is scaled at %d; %.2f %% of the edge's come to it, %.0f %% while a sale begins\n", most(m), c.Origin.Requests, 100*misses(m).Warm, 100*misses(m).Cold)
	// Views of a month are requests of the edge in a minute, twice.
	minute := func(views float64) float64 { return views * m.Measured.View.Requests / (cost.Hours * 60) }
	for _, s := range []struct {
		name  string
		trace []float64
		shed  float64 // share of requests, at most
	}{
		{"1M views a month", steady(120, minute(1e6)), 0},
		{"100M views a month", steady(120, minute(1e8)), 0},
		{"1B views a month", steady(120, minute(1e9)), 0},
		{"10B views a month", steady(120, minute(1e10)), 0},
		{"a flash sale, 20 times 100M", Sale(minute(1e8)), 0},
		{"a flash sale, 20 times 1B", Sale(minute(1e9)), 0},
		{"a flash sale, 20 times 10B", Sale(minute(1e10)), .01},
		{"a day of 100M requests", requests, 0},
	} {
		r := Origin(c, most(m), misses(m), s.trace)
		fmt.Fprintf(&out, "%-32s %12.0f requests, %10.0f at origins, %8.0f shed in %d min; %2d origins, %6.1f h, $%.2f\n",
			s.name, r.Total, r.AtOrigin, r.Shed, r.Full, r.Origins, r.Hours, r.Hours*m.OriginHour(c))
		if got := r.Shed / r.Total; got > s.shed {
			t.Errorf("%s: %.4f of requests are shed, want %.4f", s.name, got, s.shed)
		}
		if r.Origins > c.Origin.Max {
			t.Errorf("%s: %d origins, at most %d", s.name, r.Origins, c.Origin.Max)
		}
	}
	golden(t, "origin.txt", out.String())
}

// An installation that has no workers at rest starts some for one upload, too.
func TestOneUploadWakesAFleetOfNone(t *testing.T) {
	c, m := prod(t)
	c.Fleet.Min, c.Fleet.OnDemand = 0, 0
	if j := Fleet(c, perMinute(c, m), []float64{1}); j.Left > 0 || j.Wait > 6 {
		t.Errorf("%g jobs are left, one waited %d min", j.Left, j.Wait)
	}
}

// An edge without caches: what origins shed is counted, and they are scaled as far as they
// may be.
func TestWhatIsTooMuchIsShed(t *testing.T) {
	c, m := prod(t)
	r := Origin(c, most(m), Misses{Warm: 1, Cold: 1}, steady(60, 10*most(m)*float64(c.Origin.Max)))
	if r.Origins != c.Origin.Max {
		t.Errorf("%d origins, want %d", r.Origins, c.Origin.Max)
	}
	if share := r.Shed / r.Total; share < .9 || share > .95 {
		t.Errorf("%.3f of requests are shed, want nine tenths and what came before there were enough origins", share)
	}
}

func TestPolicy(t *testing.T) {
	observe := func(p Policy, now int, metrics ...float64) (got []int) {
		for _, m := range metrics {
			now = p.Observe(m, now)
			got = append(got, now)
		}
		return got
	}
	p := Policy{Target: 10, Min: 1, Max: 20, Out: 1, In: 5}
	for name, test := range map[string]struct {
		now           int
		metrics, want []float64
	}{
		"two minutes above the target are no reason":     {2, []float64{20, 20, 5, 20, 20}, []float64{2, 2, 2, 2, 2}},
		"three are, and bring it back at once":           {2, []float64{20, 20, 20}, []float64{2, 2, 4}},
		"there are never more than may be":               {4, []float64{200, 200, 200}, []float64{4, 4, 20}},
		"none becomes some":                              {0, []float64{30, 30, 30}, []float64{1, 1, 3}},
		"what is near the target stays":                  {4, slices.Repeat([]float64{9.5}, 20), slices.Repeat([]float64{4}, 20)},
		"a quarter of an hour below is a reason for few": {8, slices.Repeat([]float64{5}, 16), append(slices.Repeat([]float64{8}, 14), 4, 4)},
		"there are never fewer than must be":             {8, slices.Repeat([]float64{0}, 15), append(slices.Repeat([]float64{8}, 14), 1)},
	} {
		t.Run(name, func(t *testing.T) {
			var want []int
			for _, w := range test.want {
				want = append(want, int(w))
			}
			if got := observe(p, test.now, test.metrics...); !slices.Equal(got, want) {
				t.Errorf("got %d, want %d", got, want)
			}
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if os.Getenv("GOLDEN") == "update" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s; GOLDEN=update go test ./scale rewrites it (- before, + now):\n%s", file, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")))
	}
}
