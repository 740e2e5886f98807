// Command geometry measures simplification beside meshoptimizer: quality at equal
// triangles, and CPU time, over the shared products and scans.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/meshtest"
	"github.com/plinth3d/plinth/mesh/scene"
)

var ratios = []float64{0.5, 0.25, 0.125}

func main() {
	peers := flag.String("peers", "", "folder whose node_modules has meshoptimizer; empty measures ours alone")
	times := flag.Int("times", 4, "rounds; the best counts")
	samples := flag.Int("samples", 60000, "points on each surface to measure from")
	keep := flag.String("keep", "", "folder for meshes and the peer's results, kept between runs")
	verbose := flag.Bool("v", false, "a line for each model and ratio")
	flag.Parse()
	if err := run(*peers, *keep, *times, *samples, *verbose, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(peers, keep string, times, samples int, verbose bool, files []string) error {
	if keep == "" {
		dir, err := os.MkdirTemp("", "geometry")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		keep = dir
	}
	logs := map[float64]*[4]sum{}
	worst := 0.0
	for _, file := range files {
		m, err := load(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		diagonal := extent(m)
		var levels []mesh.Level
		best, wall := math.Inf(1), math.Inf(1)
		for range times {
			runtime.GC()
			cpu, begin := cpuTime(), time.Now()
			levels, err = mesh.Chain(context.Background(), m, targets(), mesh.Options{})
			if err != nil {
				return err
			}
			best, wall = min(best, (cpuTime()-cpu).Seconds()*1e3), min(wall, time.Since(begin).Seconds()*1e3)
		}
		theirs, err := peer(peers, keep, name, m, times)
		if err != nil {
			return err
		}
		fmt.Printf("%-18s %8d triangles  ours %7.1f ms CPU %7.1f ms wall  peer %7.1f ms  ratio %.2f\n", name, m.Triangles(), best, wall, theirs.MS, best/theirs.MS)
		if samples == 0 {
			continue
		}
		for k, l := range levels {
			d := mesh.Distance(m, &l.Mesh, samples)
			var pd mesh.Difference
			n := 0
			if k < len(theirs.Results) {
				f, err := os.Open(theirs.Results[k].File)
				if err != nil {
					return err
				}
				pm, err := meshtest.ReadBin(f)
				f.Close()
				if err != nil {
					return err
				}
				n = pm.Triangles()
				pd = mesh.Distance(m, pm, samples)
				if logs[ratios[k]] == nil {
					logs[ratios[k]] = &[4]sum{}
				}
				s := logs[ratios[k]]
				s[0].add(d.RMS, pd.RMS)
				s[1].add(d.Max, pd.Max)
				s[2].add(d.Normal, pd.Normal)
				s[3].add(d.UV, pd.UV)
				if d.RMS > 0 && pd.RMS > 0 {
					worst = max(worst, d.RMS/pd.RMS)
				}
			}
			if verbose {
				fmt.Printf("   %.3f %7d of %7d (peer %7d)  rms %6.2f %6.2f = %.2f   max %7.1f %7.1f = %.2f  normal %5.2f %5.2f = %.2f  uv %6.1f %6.1f = %.2f\n", ratios[k],
					l.Triangles(), int(math.Round(ratios[k]*float64(m.Triangles()))), n,
					d.RMS/diagonal*1e4, pd.RMS/diagonal*1e4, d.RMS/pd.RMS, d.Max/diagonal*1e4, pd.Max/diagonal*1e4, d.Max/pd.Max,
					d.Normal, pd.Normal, d.Normal/pd.Normal, d.UV*1e3, pd.UV*1e3, d.UV/pd.UV)
			}
		}
	}
	var all [4]sum
	for _, r := range ratios {
		if s := logs[r]; s != nil {
			fmt.Printf("ratio %.3f  rms %.3f  max %.3f  normal %.3f  uv %.3f\n", r, s[0].mean(), s[1].mean(), s[2].mean(), s[3].mean())
			for i := range all {
				all[i].n += s[i].n
				all[i].log += s[i].log
			}
		}
	}
	fmt.Printf("all          rms %.3f  max %.3f  normal %.3f  uv %.3f   worst rms %.2f\n", all[0].mean(), all[1].mean(), all[2].mean(), all[3].mean(), worst)
	return nil
}

type sum struct {
	n   int
	log float64
}

func (s *sum) add(a, b float64) {
	if a > 0 && b > 0 {
		s.n++
		s.log += math.Log(a / b)
	}
}

func (s *sum) mean() float64 { return math.Exp(s.log / float64(s.n)) }

func targets() (out []mesh.Target) {
	for _, r := range ratios {
		out = append(out, mesh.Target{Ratio: r})
	}
	return out
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

type peerResult struct {
	MS      float64
	Results []struct {
		Ratio     float64
		Triangles int
		File      string
	}
}

func peer(peers, keep, name string, m *mesh.Mesh, times int) (r peerResult, err error) {
	if peers == "" {
		return r, nil
	}
	note := filepath.Join(keep, name+".json")
	if data, err := os.ReadFile(note); err == nil {
		return r, json.Unmarshal(data, &r)
	}
	bin := filepath.Join(keep, name+".bin")
	var buf bytes.Buffer
	if err := meshtest.WriteBin(&buf, m); err != nil {
		return r, err
	}
	if err := os.WriteFile(bin, buf.Bytes(), 0o644); err != nil {
		return r, err
	}
	args := []string{"benchmarks/peers/simplify.mjs", bin}
	for _, x := range ratios {
		args = append(args, fmt.Sprint(x))
	}
	cmd := exec.Command("node", append(args, "--out", filepath.Join(keep, "peer"), "--times", fmt.Sprint(times))...)
	cmd.Env = append(os.Environ(), "PEERS="+peers)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return r, err
	}
	if err := os.WriteFile(note, out, 0o644); err != nil {
		return r, err
	}
	return r, json.Unmarshal(out, &r)
}

func extent(m *mesh.Mesh) float64 {
	lo, hi, _ := mesh.Bounds(m.Positions)
	s := 0.0
	for k := range 3 {
		s += float64(hi[k]-lo[k]) * float64(hi[k]-lo[k])
	}
	return math.Sqrt(s)
}

func load(file string) (*mesh.Mesh, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var m *mesh.Mesh
	switch filepath.Ext(file) {
	case ".obj":
		m, err = meshtest.ReadOBJ(bytes.NewReader(data))
	case ".ply":
		m, err = meshtest.ReadPLY(bytes.NewReader(data))
	case ".bin":
		return meshtest.ReadBin(bytes.NewReader(data))
	default:
		return loadGLB(data)
	}
	if err == nil {
		m.Normals = meshtest.SmoothNormals(m)
	}
	return m, err
}

// loadGLB joins everything that stands in a scene.
func loadGLB(data []byte) (*mesh.Mesh, error) {
	s, err := glb.Decode(data, scene.DefaultLimits())
	if err != nil {
		return nil, err
	}
	m := &mesh.Mesh{}
	uvs := true
	for _, p := range s.Placements() {
		for j := range s.Meshes[p.Mesh].Primitives {
			uvs = uvs && s.Meshes[p.Mesh].Primitives[j].Attribute("TEXCOORD_0") != nil
		}
	}
	if uvs {
		m.UVs = make([][][2]float32, 1)
	}
	part := uint32(0)
	for _, pl := range s.Placements() {
		for j := range s.Meshes[pl.Mesh].Primitives {
			p := &s.Meshes[pl.Mesh].Primitives[j]
			pos, nor := p.Attribute("POSITION"), p.Attribute("NORMAL")
			list := p.TriangleList()
			if pos == nil || nor == nil || len(list) == 0 {
				continue
			}
			first := uint32(len(m.Positions))
			for _, x := range pos.Vec3() {
				m.Positions = append(m.Positions, pl.At.Point(x))
			}
			o := pl.At.Point([3]float32{})
			for _, n := range nor.Vec3() {
				// Placed by the linear part: the shared products scale evenly.
				t := pl.At.Point(n)
				v := [3]float64{float64(t[0] - o[0]), float64(t[1] - o[1]), float64(t[2] - o[2])}
				l := math.Sqrt(v[0]*v[0] + v[1]*v[1] + v[2]*v[2])
				m.Normals = append(m.Normals, [3]float32{float32(v[0] / l), float32(v[1] / l), float32(v[2] / l)})
			}
			if uvs {
				m.UVs[0] = append(m.UVs[0], p.Attribute("TEXCOORD_0").Vec2()...)
			}
			for _, v := range list {
				m.Indices = append(m.Indices, first+v)
			}
			for range len(list) / 3 {
				m.Parts = append(m.Parts, part)
			}
			part++
		}
	}
	return m, nil
}
