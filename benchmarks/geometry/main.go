// Command geometry measures the mesh core beside its peers, in one run: the quality and CPU
// time of simplification beside meshoptimizer's best mode, and the bytes of the web form
// beside gltfpack's, over the shared products and scans. It prints tables in Markdown.
//
//	go run ./benchmarks/geometry                    all of ../shared/models
//	go run ./benchmarks/geometry -only speed        the times alone, with 1.6 million triangles
//	PEERS=DIR go run ./benchmarks/geometry FILE...  these files; peers from DIR/node_modules
//
// Peers are installed with npm into a temporary folder, from benchmarks/peers/package.json.
// Times are CPU times of the process, the best of several rounds, ours on one thread.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// bench is one run.
type bench struct {
	peers   string // folder with node_modules
	tmp     string
	times   int
	samples int
	models  []model
}

func main() {
	log.SetFlags(0)
	times := flag.Int("times", 4, "rounds; the best counts")
	samples := flag.Int("samples", 100000, "points on each surface to measure from")
	only := flag.String("only", "", "quality, speed or size; all three when empty")
	flag.Parse()
	if err := run(*times, *samples, *only, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(times, samples int, only string, files []string) error {
	parts := []struct {
		name string
		run  func(*bench) error
	}{{"quality", quality}, {"speed", speed}, {"size", size}}
	if only != "" && !slices.ContainsFunc(parts, func(p struct {
		name string
		run  func(*bench) error
	},
	) bool {
		return p.name == only
	}) {
		return fmt.Errorf("-only %s is none of quality, speed, size", only)
	}
	if len(files) == 0 {
		for _, pattern := range []string{"product/*.glb", "geometry/*.obj", "geometry/*.ply"} {
			found, err := filepath.Glob(filepath.Join("../shared/models", pattern))
			if err != nil {
				return err
			}
			files = append(files, found...)
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("../shared/models is not here; name files (GLB, OBJ, PLY)")
	}
	tmp, err := os.MkdirTemp("", "plinth-geometry")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }() // a temporary folder
	b := &bench{tmp: tmp, times: times, samples: samples}
	if err := b.install(); err != nil {
		return err
	}
	for _, f := range files {
		m, err := load(f)
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		b.models = append(b.models, m)
	}
	for _, p := range parts {
		if only == "" || only == p.name {
			if err := p.run(b); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return nil
}

// install puts the peers into a temporary folder, unless PEERS names one.
func (b *bench) install() error {
	if b.peers = os.Getenv("PEERS"); b.peers != "" {
		return nil
	}
	b.peers = filepath.Join(b.tmp, "peers")
	if err := os.Mkdir(b.peers, 0o755); err != nil {
		return err
	}
	lock, err := os.ReadFile("benchmarks/peers/package.json")
	if err != nil {
		return fmt.Errorf("run it at the top of the repository: %w", err)
	}
	if err := os.WriteFile(filepath.Join(b.peers, "package.json"), lock, 0o644); err != nil {
		return err
	}
	cmd := exec.Command("npm", "install", "--no-audit", "--no-fund", "--silent")
	cmd.Dir, cmd.Stderr = b.peers, os.Stderr
	return cmd.Run()
}

// node runs a script of benchmarks/peers.
func (b *bench) node(script string, args ...string) ([]byte, error) {
	cmd := exec.Command("node", append([]string{filepath.Join("benchmarks/peers", script)}, args...)...)
	cmd.Env, cmd.Stderr = append(os.Environ(), "PEERS="+b.peers), os.Stderr
	return cmd.Output()
}
