package main

import (
	"context"
	"fmt"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// encoding prints what Encode takes, beside what sharp does for one WebP.
func encoding(ctx context.Context, b *bench) error {
	if err := b.install(ctx); err != nil {
		return err
	}
	sets := [][]textures.Set{{textures.Universal}, {textures.Web}, {textures.Universal, textures.Web}}
	type row struct {
		images int
		pixels float64 // millions
		cpu    [3]float64
		sharp  float64
	}
	rows := map[textures.Role]*row{}
	err := b.each(ctx, asset.Web, func(_ *product, x *shown) error {
		img := x.wanted()
		role := x.from.How.Role
		if rows[role] == nil {
			rows[role] = &row{}
		}
		r := rows[role]
		var failed error
		run := make([]func(), len(sets))
		for k := range sets {
			run[k] = func() {
				if _, err := textures.Encode(img, x.from.Use, sets[k]...); err != nil {
					failed = err
				}
			}
		}
		took := turns(b.times, run...)
		if failed != nil {
			return failed
		}
		if !seesThrough(img, x.from.Use) {
			img = textures.Opaque(img)
		}
		if err := writePNG(b.at("image.png"), img); err != nil {
			return err
		}
		peer, err := b.sharp(ctx, b.at("image.png"), b.times)
		if err != nil {
			return err
		}
		r.images, r.pixels, r.sharp = r.images+1, r.pixels+float64(len(img.Pix)/4)/1e6, r.sharp+peer.MS/1e3
		for k := range took {
			r.cpu[k] += took[k]
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Printf("CPU seconds of `textures.Encode` for a megapixel, all searching included, over the images of the web form of level %d; the least of %d\n", b.level, b.times)
	fmt.Printf("rounds of each (load %s). Beside it sharp's one WebP at a fixed quality, which searches nothing and reads a PNG.\n\n", load())
	fmt.Println("| role | images | megapixels | universal | web | both forms | sharp |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|")
	for _, role := range roles {
		if r := rows[role]; r != nil {
			fmt.Printf("| %s | %d | %.2f | %.2f | %.2f | %.2f | %.2f |\n", role, r.images, r.pixels, r.cpu[0]/r.pixels, r.cpu[1]/r.pixels, r.cpu[2]/r.pixels, r.sharp/r.pixels)
		}
	}
	fmt.Println()
	return nil
}
