package pipeline_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline"
)

// TestPeak is the child of peak: it processes the file that PLINTH_PEAK names, and tells
// what the process took.
func TestPeak(t *testing.T) {
	file := os.Getenv("PLINTH_PEAK")
	if file == "" {
		t.Skip("it is what other tests run in a process of its own")
	}
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pipeline.LimitMemory(0)
	account := pipeline.NewMeter().Account()
	if _, err := (pipeline.Processor{Account: account}).Process(t.Context(), src, pipeline.Default()); err != nil {
		t.Fatal(err)
	}
	for _, s := range account.Spent() {
		fmt.Printf("%s: %.1f s, %.1f s of CPU\n", s.Stage, s.Wall.Seconds(), s.CPU.Seconds())
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("it tells no peak: " + err.Error())
	}
	fmt.Println(regexp.MustCompile(`VmHWM:.*kB`).FindString(string(status)))
}

// peak is the most memory that a process takes to process a file, in bytes.
func peak(t *testing.T, file string) int64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPeak$", "-test.v")
	cmd.Env = append(os.Environ(), "PLINTH_PEAK="+file)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	found := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(out)
	if found == nil {
		t.Skipf("this system tells no peak:\n%s", out)
	}
	kb, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// TestAHeavyProductFits measures the product that the worker's memory is sized by: 1M
// triangles and four textures of 4096 by 4096 pixels. It takes minutes, so PLINTH_HEAVY must name
// the file to keep the product in.
func TestAHeavyProductFits(t *testing.T) {
	file := os.Getenv("PLINTH_HEAVY")
	if file == "" {
		t.Skip("takes minutes; PLINTH_HEAVY names a file to keep the product in")
	}
	if _, err := os.Stat(file); err != nil {
		if err := os.WriteFile(file, pipeline.Heavy(t, 1_000_000, 4096), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const most = 1500 << 20
	if got := peak(t, file); got > most {
		t.Errorf("it takes %d MB, %d are allowed", got>>20, most>>20)
	} else {
		t.Logf("peak %d MB", got>>20)
	}
}

// TestPeaks lists what real files take: PLINTH_PEAKS is a list of them.
func TestPeaks(t *testing.T) {
	files := os.Getenv("PLINTH_PEAKS")
	if files == "" {
		t.Skip("PLINTH_PEAKS names no files")
	}
	for file := range strings.SplitSeq(files, ":") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		estimate, err := pipeline.Estimate(src, pipeline.Default())
		if err != nil {
			t.Fatal(err)
		}
		got := peak(t, file)
		t.Logf("%s: estimate %d MB, peak %d MB, %.2f", filepath.Base(file), estimate>>20, got>>20, float64(estimate)/float64(got))
	}
}

// TestTheEstimateIsNotBelowThePeak compares what Estimate says with what processes took. It may
// say up to four times as much, for one that takes nearly nothing.
func TestTheEstimateIsNotBelowThePeak(t *testing.T) {
	if pipeline.RaceEnabled {
		t.Skip("the race detector takes memory of its own")
	}
	for name, src := range map[string][]byte{
		"images":    pipeline.Heavy(t, 100, 1024),
		"triangles": pipeline.Heavy(t, 10_000, 16),
		"a skin":    sample(t, "flag"),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "model.glb")
			if err := os.WriteFile(file, src, 0o600); err != nil {
				t.Fatal(err)
			}
			estimate, err := pipeline.Estimate(src, pipeline.Default())
			if err != nil {
				t.Fatal(err)
			}
			got := peak(t, file)
			t.Logf("estimate %d MB, peak %d MB", estimate>>20, got>>20)
			if got > estimate || estimate > 4*got {
				t.Errorf("the estimate is %d MB, the peak %d MB", estimate>>20, got>>20)
			}
		})
	}
}

// TestAnEstimateOfWhatIsBroken: a header may say anything.
func TestAnEstimateOfWhatIsBroken(t *testing.T) {
	src := sample(t, "lamp")
	for name, change := range map[string][2]string{
		"a count that is huge":     {`"count":`, `"count":9`},
		"a count that is negative": {`"count":`, `"count":-`},
		"no accessor":              {`"POSITION":`, `"POSITION":9`},
	} {
		t.Run(name, func(t *testing.T) {
			bad := []byte(strings.Replace(string(src[:4096]), change[0], change[1], 1))
			length := binary.LittleEndian.Uint32(src[12:]) + uint32(len(bad)-4096)
			binary.LittleEndian.PutUint32(bad[12:], length)
			bad = append(bad, src[4096:]...)
			binary.LittleEndian.PutUint32(bad[8:], uint32(len(bad)))
			got, err := pipeline.Estimate(bad, pipeline.Default())
			if _, refused := pipeline.Refusal(err); err != nil && !refused {
				t.Errorf("got %v", err)
			}
			if err == nil && (got <= 0 || got > 64<<30) {
				t.Errorf("got %d bytes", got)
			}
			if _, err := pipeline.Examine(bad, pipeline.Default()); err == nil {
				t.Error("it can be read after all")
			}
		})
	}
	if _, err := pipeline.Estimate(src[:len(src)/2], pipeline.Default()); err == nil {
		t.Error("a file that is cut off has an estimate")
	}
}
