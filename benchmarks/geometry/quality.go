package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

var ratios = []float64{0.5, 0.25, 0.125}

func chain(m *mesh.Mesh) ([]mesh.Level, error) {
	var targets []mesh.Target
	for _, r := range ratios {
		targets = append(targets, mesh.Target{Ratio: r})
	}
	return mesh.Chain(context.Background(), m, targets, mesh.Options{})
}

// peerRun is what simplify.mjs prints.
type peerRun struct {
	MS      float64 // of all ratios
	Results []struct {
		Ratio     float64
		Triangles int
		File      string
	}
}

// simplify runs meshoptimizer on a mesh.
func (b *bench) simplify(name string, m *mesh.Mesh, times int) (r peerRun, err error) {
	var buf bytes.Buffer
	if err := meshtest.WriteBin(&buf, m); err != nil {
		return r, err
	}
	bin := filepath.Join(b.tmp, name+".bin")
	if err := os.WriteFile(bin, buf.Bytes(), 0o644); err != nil {
		return r, err
	}
	args := []string{bin}
	for _, x := range ratios {
		args = append(args, fmt.Sprint(x))
	}
	out, err := b.node("simplify.mjs", append(args, "--out", filepath.Join(b.tmp, "peer"), "--times", fmt.Sprint(times))...)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(out, &r)
}

func quality(b *bench) error {
	fmt.Println("Simplification beside meshoptimizer `simplifyWithUpdate` (permissive, normals .5, uv 1) at equal triangles:")
	fmt.Println("RMS and largest distance in 1e-4 of the diagonal, normals in degrees, texture coordinates in 1e-3; ours, theirs, ratio.")
	fmt.Println()
	fmt.Println("| model | ratio | triangles | | rms | | | max | | | normals | | | uv | | |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	all := means{}
	worst := 0.0
	for _, m := range b.models {
		levels, err := chain(m.mesh)
		if err != nil {
			return err
		}
		theirs, err := b.simplify(m.name, m.mesh, 1)
		if err != nil {
			return err
		}
		unit := 1e4 / diagonal(m.mesh)
		for k := range levels {
			other, err := readBin(theirs.Results[k].File)
			if err != nil {
				return err
			}
			o, t := mesh.Distance(m.mesh, &levels[k].Mesh, b.samples), mesh.Distance(m.mesh, other, b.samples)
			for _, group := range []string{"all", fmt.Sprint(ratios[k])} {
				all.add(group+" rms", o.RMS, t.RMS)
				all.add(group+" max", o.Max, t.Max)
				all.add(group+" normal", o.Normal, t.Normal)
				all.add(group+" uv", o.UV, t.UV)
			}
			if t.RMS > 0 {
				worst = max(worst, o.RMS/t.RMS)
			}
			pair := func(x, y float64) string { return fmt.Sprintf("%.2f | %.2f | %.2f", x, y, x/y) }
			fmt.Printf("| %s | %g | %d | %d | %s | %s | %s | %s |\n", m.name, ratios[k], levels[k].Triangles(), other.Triangles(),
				pair(o.RMS*unit, t.RMS*unit), pair(o.Max*unit, t.Max*unit), pair(o.Normal, t.Normal), pair(o.UV*1e3, t.UV*1e3))
			if levels[k].Reason != "" {
				fmt.Fprintf(os.Stderr, "%s %g: %s\n", m.name, ratios[k], levels[k].Reason)
			}
		}
	}
	fmt.Println()
	fmt.Println("| geometric means | rms | max | normals | uv |")
	fmt.Println("|---|---:|---:|---:|---:|")
	for _, group := range []string{"0.5", "0.25", "0.125", "all"} {
		fmt.Printf("| %s | %.3f | %.3f | %.3f | %.3f |\n", group, all.of(group+" rms"), all.of(group+" max"), all.of(group+" normal"), all.of(group+" uv"))
	}
	fmt.Printf("\nThe worst ratio of RMS of any model is %.2f.\n\n", worst)
	return nil
}

func readBin(file string) (*mesh.Mesh, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return meshtest.ReadBin(bytes.NewReader(data))
}

// speed times a chain of three levels, from welding to the last, on one thread and on two.
func speed(b *bench) error {
	meshes := append([]model{}, b.models...)
	for _, m := range b.models {
		if m.name == "nefertiti" {
			big := meshtest.Subdivide(m.mesh, 2, 0.1)
			big.Normals = meshtest.SmoothNormals(big)
			meshes = append(meshes, model{name: "nefertiti, subdivided twice", mesh: big})
		}
	}
	fmt.Println("A chain of three levels (.5, .25, .125), weld to last level, beside three runs of meshoptimizer `simplifyWithUpdate`;")
	fmt.Println("milliseconds, the best round; CPU time on one thread, wall time on two. Peak memory is what the process grows by, results included.")
	fmt.Println()
	fmt.Println("| model | triangles | ours, CPU | Mtri/s | peer, CPU | ratio | two threads, wall | of one thread | peak B/triangle |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
	all := means{}
	for _, m := range meshes {
		if m.mesh.Triangles() < 15000 {
			continue // start-up is most of it
		}
		cpu, _, err := b.time(m.mesh, 1)
		if err != nil {
			return err
		}
		theirs, err := b.simplify(m.name, m.mesh, b.times)
		if err != nil {
			return err
		}
		// Once more: a machine that is shared changes its pace.
		again, one, err := b.time(m.mesh, 1)
		if err != nil {
			return err
		}
		cpu = min(cpu, again)
		_, two, err := b.time(m.mesh, 2)
		if err != nil {
			return err
		}
		peak, err := peakMemory(func() error {
			_, err := chain(m.mesh)
			return err
		})
		if err != nil {
			return err
		}
		all.add("cpu", cpu, theirs.MS)
		all.add("wall", two, one)
		fmt.Printf("| %s | %d | %.0f | %.2f | %.0f | %.2f | %.0f | %.2f | %.0f |\n", m.name, m.mesh.Triangles(), cpu, float64(m.mesh.Triangles())/cpu/1e3, theirs.MS, cpu/theirs.MS, two, two/one, float64(peak)/float64(m.mesh.Triangles()))
	}
	fmt.Printf("| geometric mean | | | | | %.2f | | %.2f | |\n\n", all.of("cpu"), all.of("wall"))
	return nil
}

// time returns the least CPU and wall time of a chain, in milliseconds.
func (b *bench) time(m *mesh.Mesh, threads int) (cpu, wall float64, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
	for i := range b.times {
		runtime.GC()
		began, used := time.Now(), cpuTime()
		if _, err := chain(m); err != nil {
			return 0, 0, err
		}
		c, w := float64((cpuTime()-used).Microseconds())/1e3, float64(time.Since(began).Microseconds())/1e3
		if i == 0 {
			cpu, wall = c, w
		}
		cpu, wall = min(cpu, c), min(wall, w)
	}
	return cpu, wall, nil
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it knows no other answer for the process itself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is by how many bytes the process grew at most while run ran, as Linux counts
// resident memory.
func peakMemory(run func() error) (int64, error) {
	debug.FreeOSMemory()
	before, err := status("VmRSS")
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // forgets the peak
		return 0, err
	}
	if err := run(); err != nil {
		return 0, err
	}
	peak, err := status("VmHWM")
	return peak - before, err
}

func status(name string) (int64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			var kb int64
			_, err := fmt.Sscanf(value, "%d kB", &kb)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no %s", name)
}
