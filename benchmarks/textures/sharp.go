package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// packed is what webp.mjs prints of an image.
type packed struct {
	File  string
	Bytes int64
	MS    float64
}

// besideSharp packs each image of the web form once more with glTF-Transform's defaults.
func besideSharp(ctx context.Context, b *bench) error {
	if err := b.install(ctx); err != nil {
		return err
	}
	fmt.Printf("Images of the web form of level %d beside glTF-Transform's WebP (sharp at its defaults), from the same pixels: bytes, and the loss as\n", b.level)
	fmt.Println("`plinth texture --compare` has it: the angle at the 99th percentile of normals, the worst channel in use of ORM and data, all channels")
	fmt.Println("of light. Bytes are a ratio of ours to theirs. Files that are the source's own are left out. Alpha that nothing reads is 255 here, which")
	fmt.Println("helps the peer: left to itself it loses the colors below alpha 0, though an opaque material shows them.")
	fmt.Println()
	fmt.Println("| product | role | size | codec | ours, bytes | theirs | ratio | ours, loss | theirs | ours, SSIM | theirs |")
	fmt.Println("|---|---|---:|---|---:|---:|---:|---:|---:|---:|---:|")
	sums := map[textures.Role]*[6]float64{} // images, bytes of ours and of theirs, ours smaller, ours nearer, both
	err := b.each(ctx, asset.Web, func(p *product, x *shown) error {
		if x.asItCame() {
			return nil
		}
		want := x.wanted()
		if !seesThrough(want, x.from.Use) {
			want = textures.Opaque(want)
		}
		if err := writePNG(b.at("image.png"), want); err != nil {
			return err
		}
		theirs, err := b.sharp(ctx, b.at("image.png"), 1)
		if err != nil {
			return err
		}
		file, err := os.ReadFile(theirs.File)
		if err != nil {
			return err
		}
		o, err := difference(want, x.data, x.from.Use)
		if err != nil {
			return err
		}
		t, err := difference(want, file, x.from.Use)
		if err != nil {
			return err
		}
		ratio := float64(len(x.data)) / float64(theirs.Bytes)
		fmt.Printf("| %s | %s | %d x %d | %s | %d | %d | %.2f | %s | %s | %.4f | %.4f |\n", p.name, x.Role, x.Width, x.Height, x.Codec,
			len(x.data), theirs.Bytes, ratio, lossText(o), lossText(t), o.SSIM, t.SSIM)
		role := x.from.How.Role
		if sums[role] == nil {
			sums[role] = new([6]float64)
		}
		for k, v := range []float64{1, float64(len(x.data)), float64(theirs.Bytes), one(ratio < 1), one(nearer(o, t)), one(ratio < 1 && nearer(o, t))} {
			sums[role][k] += v
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Println("\n| role | images | ours, KB | theirs, KB | ratio | ours smaller | ours nearer | both |\n|---|---:|---:|---:|---:|---:|---:|---:|")
	for _, role := range roles {
		if s := sums[role]; s != nil {
			fmt.Printf("| %s | %.0f | %.0f | %.0f | %.2f | %.0f | %.0f | %.0f |\n", role, s[0], s[1]/1e3, s[2]/1e3, s[1]/s[2], s[3], s[4], s[5])
		}
	}
	fmt.Println()
	return nil
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// nearer tells whether a difference is smaller than another, as its role counts it.
func nearer(a, b textures.Difference) bool {
	if a.Use.Role == textures.Normal {
		return a.Angle < b.Angle
	}
	return a.PSNR > b.PSNR
}

func lossText(d textures.Difference) string {
	switch {
	case d.Use.Role == textures.Normal:
		return fmt.Sprintf("%.2f°", d.Angle)
	case math.IsInf(d.PSNR, 1):
		return "none"
	}
	return fmt.Sprintf("%.2f dB", d.PSNR)
}

// sharp packs a PNG as glTF-Transform does.
func (b *bench) sharp(ctx context.Context, file string, times int) (packed, error) {
	cmd := exec.CommandContext(ctx, "node", "benchmarks/peers/webp.mjs", file, "--times", fmt.Sprint(times))
	cmd.Env, cmd.Stderr = append(os.Environ(), "PEERS="+b.peers), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return packed{}, fmt.Errorf("webp.mjs: %w", err)
	}
	var all []packed
	if err := json.Unmarshal(out, &all); err != nil || len(all) != 1 {
		return packed{}, fmt.Errorf("webp.mjs printed %q: %w", out, err)
	}
	return all[0], nil
}
