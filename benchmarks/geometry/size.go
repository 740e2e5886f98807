package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// sized is what sizes.mjs prints of a file.
type sized struct{ Raw, Brotli int }

// size packs the same simplified meshes in the web form and with gltfpack.
func size(b *bench) error {
	fmt.Println("Bytes of geometry after brotli 11 at equal triangles: the web form beside `gltfpack -cc` and `-cz`, which pack the same")
	fmt.Println("simplified mesh; buffer views without images. What quantization adds to the RMS of the level is in the last column.")
	fmt.Println()
	fmt.Println("| model | ratio | triangles | web | -cc | ratio | -cz | ratio | rms added |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
	all := means{}
	worst := 0.0
	for _, m := range b.models {
		for _, ratio := range ratios {
			targets := []mesh.Target{{Ratio: ratio}}
			plain, err := pipeline.Reduce(context.Background(), m.glb, targets, asset.Universal, recipe())
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			web, err := pipeline.Reduce(context.Background(), m.glb, targets, asset.Web, recipe())
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			files, err := b.pack(plain[0].Data, web[0].Data)
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			added := web[0].Difference.RMS/plain[0].Difference.RMS - 1
			worst = max(worst, added)
			all.add("cc", float64(files[0].Brotli), float64(files[1].Brotli))
			all.add("cz", float64(files[0].Brotli), float64(files[2].Brotli))
			all.add("rms", web[0].Difference.RMS, plain[0].Difference.RMS)
			fmt.Printf("| %s | %g | %d | %d | %d | %.2f | %d | %.2f | %.1f %% |\n", m.name, ratio, web[0].Triangles, files[0].Brotli,
				files[1].Brotli, float64(files[0].Brotli)/float64(files[1].Brotli), files[2].Brotli, float64(files[0].Brotli)/float64(files[2].Brotli), 100*added)
		}
	}
	fmt.Printf("| geometric mean | | | | | %.3f | | %.3f | %.1f %% |\n\n", all.of("cc"), all.of("cz"), 100*(all.of("rms")-1))
	fmt.Printf("The most that quantization adds to any is %.1f %%.\n", 100*worst)
	return nil
}

// pack writes the web file and packs the plain one with gltfpack.
func (b *bench) pack(plain, web []byte) ([]sized, error) {
	at := func(name string) string { return filepath.Join(b.tmp, name) }
	if err := os.WriteFile(at("web.glb"), web, 0o644); err != nil {
		return nil, err
	}
	if err := os.WriteFile(at("plain.glb"), plain, 0o644); err != nil {
		return nil, err
	}
	for _, mode := range []string{"cc", "cz"} {
		cmd := exec.Command("node", filepath.Join(b.peers, "node_modules/gltfpack/cli.js"), "-i", at("plain.glb"), "-o", at(mode+".glb"), "-"+mode)
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("gltfpack -%s: %w: %s", mode, err, out)
		}
	}
	out, err := b.node("sizes.mjs", at("web.glb"), at("cc.glb"), at("cz.glb"))
	if err != nil {
		return nil, err
	}
	var files []sized
	return files, json.Unmarshal(out, &files)
}
