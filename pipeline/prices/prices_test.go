package prices

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func builtIn(t *testing.T) *Table {
	t.Helper()
	table, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// near says that two sums of dollars are the same but for rounding.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Max(math.Abs(a), math.Abs(b)) }

func TestTheListHasAWSsPrices(t *testing.T) {
	table := builtIn(t)
	if table.Region != "us-east-1" || len(table.Rows) != len(Names()) {
		t.Fatalf("%d prices of %s, want %d of us-east-1", len(table.Rows), table.Region, len(Names()))
	}
	for name, want := range map[Name]float64{
		FargateARMCPU: 0.03238, FargateARMSpotCPU: 0.03238 * 0.3, FargateX86SpotGB: 0.004445 * 0.3,
		SQSRequest: 0.0000004, S3Put: 0.000005, S3Get: 0.0000004, DynamoWrite: 0.000000625, DynamoRead: 0.000000125,
	} {
		if got := table.Of(name); !near(got, want) {
			t.Errorf("%s: got %g, want %g", name, got, want)
		}
	}
}

// A list is refused, with what is wrong, whatever part of it is changed.
func TestAListWithAMistakeIsRefused(t *testing.T) {
	whole := string(list)
	for _, c := range []struct{ name, old, new, want string }{
		{"a price is missing", `"name": "s3-put"`, `"name": "s3-get"`, `"s3-put" is missing`},
		{"a price is there twice", `"name": "s3-put"`, `"name": "s3-get"`, `"s3-get" is there twice`},
		{"a name is unknown", `"s3-put"`, `"s3-pot"`, "nothing has this name"},
		{"a field is unknown", `"region"`, `"currency": "USD", "region"`, "currency"},
		{"a price is negative", `"dollars": 0.03238`, `"dollars": -0.03238`, "must be more than 0"},
		{"a price has no number", `"dollars": 0.03238, `, ``, "must be more than 0"},
		{"the units are zero", `"per": 1000,`, `"per": 0,`, "for 0 units"},
		{"a date can't be read", `"2026-06-01"`, `"June"`, "the date is"},
		{"a source is no address", `https://aws.amazon.com/fargate/pricing/`, `the page`, "the source is"},
		{"a confidence is unknown", `"remembered"`, `"sure"`, "the confidence is"},
		{"an unsure price has no note", `"note": "standard resolution"`, `"note": " "`, "no note says"},
		{"the region is missing", `"us-east-1"`, `""`, "the region is missing"},
		{"a number is too large", `"dollars": 0.03238`, `"dollars": 1e999`, "cannot unmarshal"},
		{"something follows", "  ]\n}\n", "  ]\n} {}", "there is more after the list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(whole, c.old, c.new, 1)
			if text == whole {
				t.Fatalf("%s is not in the list", c.old)
			}
			if _, err := Read([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// By hand: an hour and a half of CPU time at three quarters busy is two hours of a vCPU,
// and with 4 GB to 2 vCPUs four GB-hours.
func TestCostByHand(t *testing.T) {
	table := builtIn(t)
	u := Usage{
		CPU: 90 * time.Minute, Requests: 5, Puts: 9, Gets: 2, KMS: 1,
		ReadUnits: 10, WriteUnits: 30, LoggedBytes: 1 << 20,
	}
	rest := Dollars{Queue: 2e-6, Store: 45e-6 + 0.8e-6 + 3e-6, Catalog: 1.25e-6 + 18.75e-6, Logs: 0.5 / 1024}
	for _, c := range []struct {
		name        string
		on          Task
		cpu, memory float64
	}{
		{"arm64", Task{CPUs: 2, GB: 4, Busy: 0.75}, 0.06476, 0.01424},
		{"arm64 on Spot", Task{Spot: true, CPUs: 2, GB: 4, Busy: 0.75}, 0.019428, 0.004272},
		{"x86", Task{X86: true, CPUs: 2, GB: 4, Busy: 0.75}, 0.08096, 0.01778},
		{"x86 on Spot", Task{X86: true, Spot: true, CPUs: 2, GB: 4, Busy: 0.75}, 0.024288, 0.005334},
		{"twice the memory", Task{CPUs: 2, GB: 8, Busy: 0.75}, 0.06476, 0.02848},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := table.Cost(u, c.on)
			if err != nil {
				t.Fatal(err)
			}
			want := rest
			want.CPU, want.Memory = c.cpu, c.memory
			names := maps.Collect(want.Parts())
			for part, x := range got.Parts() {
				if !near(x, names[part]) {
					t.Errorf("%s: got %.12g dollars, want %.12g", part, x, names[part])
				}
			}
			if sum := c.cpu + c.memory + 2e-6 + 48.8e-6 + 20e-6 + 0.5/1024; !near(got.Total(), sum) {
				t.Errorf("in all: got %.12g dollars, want %.12g", got.Total(), sum)
			}
			if twice := got.Times(2); !near(twice.Total(), 2*got.Total()) || twice.Store != 2*got.Store {
				t.Errorf("twice: got %+v of %+v", twice, got)
			}
		})
	}
}

func TestWhatCannotBeIsNotCosted(t *testing.T) {
	table, good := builtIn(t), DefaultTask()
	for name, on := range map[string]Task{
		"no vCPU": {GB: 4, Busy: 1}, "no memory": {CPUs: 1, Busy: 1}, "never busy": {CPUs: 1, GB: 1},
		"busy beyond all time": {CPUs: 1, GB: 1, Busy: 1.01}, "not a number": {CPUs: math.NaN(), GB: 1, Busy: 1},
		"endless memory": {CPUs: 1, GB: math.Inf(1), Busy: 1},
	} {
		if d, err := table.Cost(Usage{}, on); err == nil {
			t.Errorf("%s: got %+v", name, d)
		}
	}
	for name, u := range map[string]Usage{"CPU": {CPU: -1}, "PUT": {Puts: -1}, "logs": {LoggedBytes: -1}} {
		if d, err := table.Cost(u, good); err == nil {
			t.Errorf("negative %s: got %+v", name, d)
		}
	}
	if d, err := table.Cost(Usage{}, good); err != nil || d != (Dollars{}) {
		t.Errorf("nothing costs %+v, %v", d, err)
	}
}

func TestUnitsAreRoundedUp(t *testing.T) {
	for bytes, want := range map[int64][2]float64{0: {1, 1}, 1: {1, 1}, 1024: {1, 1}, 1025: {2, 1}, 4096: {4, 1}, 4097: {5, 2}, 10240: {10, 3}} {
		if w, r := WriteUnits(bytes), ReadUnits(bytes); w != want[0] || r != want[1] {
			t.Errorf("%d bytes: got %g and %g units, want %g and %g", bytes, w, r, want[0], want[1])
		}
	}
}

// By hand, with a version of 1.5 KB (1 unit to read, 2 to write) and a manifest of 4.5 KB
// (5 to write); the model is 1 and 1.
func TestAConversionAsksForWhatItDoes(t *testing.T) {
	c := Conversion{CPU: 10 * time.Second, Beats: 3, Notes: 20, Files: 8, Version: 1536, Manifest: 4608, Logged: 400}
	want := Usage{
		CPU: 10 * time.Second, Requests: 6, Puts: 9, Gets: 2, LoggedBytes: 400,
		ReadUnits:  2 + 1 + 20 + 3 + 2,
		WriteUnits: (2*3 + 3) + (2 + 2) + 40 + (2*(1+4+5) + 2),
	}
	if got := c.Usage(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTheListIsWrittenAsItIsRead(t *testing.T) {
	table := builtIn(t)
	text, err := json.Marshal(map[string]any{"region": table.Region, "prices": table.Rows})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Read(text)
	if err != nil || len(again.Rows) != len(table.Rows) || again.Of(S3Put) != table.Of(S3Put) {
		t.Errorf("got %v, %v", again, err)
	}
}

func TestAListCanBeGiven(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prices.json")
	if err := os.WriteFile(file, []byte(strings.Replace(string(list), `"dollars": 0.005, "per": 1000`, `"dollars": 0.01, "per": 1000`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if table, err := Load(file); err != nil || !near(table.Of(S3Put), 0.00001) {
		t.Errorf("got %v, %v", table, err)
	}
	if table, err := Load(""); err != nil || !near(table.Of(S3Put), 0.000005) {
		t.Errorf("without a file: got %v, %v", table, err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{file, file + ".not"} {
		if _, err := Load(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}
