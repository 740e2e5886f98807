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
	sums := map[textures.Role]*beside{}
	err := b.each(ctx, asset.Web, func(p *product, x *shown) error {
		if x.asItCame() {
			return nil
		}
		row, err := b.besideSharp(ctx, x)
		if err != nil {
			return err
		}
		fmt.Printf("| %s |%s\n", p.name, row.cells(x))
		if sums[x.from.How.Role] == nil {
			sums[x.from.How.Role] = &beside{}
		}
		sums[x.from.How.Role].add(row)
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Println("\n| role | images | ours, KB | theirs, KB | ratio | ours smaller | ours nearer | both |\n|---|---:|---:|---:|---:|---:|---:|---:|")
	for _, role := range roles {
		if s := sums[role]; s != nil {
			fmt.Printf("| %s | %d | %.0f | %.0f | %.2f | %d | %d | %d |\n", role, s.images, s.bytes[0]/1e3, s.bytes[1]/1e3, s.bytes[0]/s.bytes[1], s.smaller, s.nearer, s.both)
		}
	}
	fmt.Println()
	return nil
}

// beside is an image as both pack it, or the sums of some.
type beside struct {
	bytes                         [2]float64 // ours, theirs
	loss                          [2]textures.Difference
	images, smaller, nearer, both int
}

// besideSharp packs one image with the peer too.
func (b *bench) besideSharp(ctx context.Context, x *shown) (out beside, err error) {
	want := x.wanted()
	if !seesThrough(want, x.from.Use) {
		want = textures.Opaque(want)
	}
	if err := writePNG(b.at("image.png"), want); err != nil {
		return out, err
	}
	theirs, err := b.sharp(ctx, b.at("image.png"), 1)
	if err != nil {
		return out, err
	}
	file, err := os.ReadFile(theirs.File)
	if err != nil {
		return out, err
	}
	for k, data := range [][]byte{x.data, file} {
		out.bytes[k] = float64(len(data))
		if out.loss[k], err = difference(want, data, x.from.Use); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (s *beside) ratio() float64 { return s.bytes[0] / s.bytes[1] }

func (s *beside) cells(x *shown) string {
	return fmt.Sprintf(" %s | %d x %d | %s | %.0f | %.0f | %.2f | %s | %s | %.4f | %.4f |", x.Role, x.Width, x.Height, x.Codec,
		s.bytes[0], s.bytes[1], s.ratio(), lossText(s.loss[0]), lossText(s.loss[1]), s.loss[0].SSIM, s.loss[1].SSIM)
}

// add adds one image to sums.
func (s *beside) add(o beside) {
	s.images++
	s.bytes[0], s.bytes[1] = s.bytes[0]+o.bytes[0], s.bytes[1]+o.bytes[1]
	smaller, near := o.ratio() < 1, nearer(o.loss[0], o.loss[1])
	if smaller {
		s.smaller++
	}
	if near {
		s.nearer++
	}
	if smaller && near {
		s.both++
	}
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
