package main

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"image/png"
	"strings"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// weight is what a product's web form weighs, in bytes.
type weight struct {
	source, images int64 // of the source, and of that its images
	web            int64
	roles          map[textures.Role]int64
	rest           int64 // of the web form: geometry and JSON
	contract       int64 // what the contract alone gives
}

// forms weighs the web form of one level, and looks at GPU memory of all.
func forms(ctx context.Context, b *bench) error {
	fmt.Printf("The web form of level %d, in KB; of the source, in percent. The contract alone is its sizes and triangles without its coding: each\n", b.level)
	fmt.Println("image resized as there and coded as its source was, PNG as PNG and others as JPEG of quality 90 (at the source's own size it is the source's")
	fmt.Println("file), and the geometry of the universal form.")
	fmt.Println()
	fmt.Println("| product | source | its images | web form | share | color | emissive | normal | orm | data | rest | contract alone | share |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	kb := func(x int64) string { return fmt.Sprintf("%.0f", float64(x)/1e3) }
	var total weight
	var shares, alone []float64
	total.roles = map[textures.Role]int64{}
	for _, p := range b.products {
		w, err := b.weigh(ctx, p)
		if err != nil {
			return err
		}
		fmt.Printf("| %s |%s\n", p.name, w.cells(kb))
		total.add(w)
		shares, alone = append(shares, w.share()), append(alone, float64(w.contract)/float64(w.source))
	}
	fmt.Printf("| all |%s\n", total.cells(kb))
	fmt.Printf("| median share | | | | %.1f %% | | | | | | | | %.1f %% |\n\n", 100*median(shares), 100*median(alone))
	return memory(ctx, b)
}

func (w *weight) share() float64 { return float64(w.web) / float64(w.source) }

func (w *weight) add(o weight) {
	w.source, w.images, w.web, w.rest, w.contract = w.source+o.source, w.images+o.images, w.web+o.web, w.rest+o.rest, w.contract+o.contract
	for role, n := range o.roles {
		w.roles[role] += n
	}
}

func (w *weight) cells(kb func(int64) string) string {
	out := []string{kb(w.source), kb(w.images), kb(w.web), fmt.Sprintf("%.1f %%", 100*w.share())}
	for _, role := range roles {
		out = append(out, kb(w.roles[role]))
	}
	out = append(out, kb(w.rest), kb(w.contract), fmt.Sprintf("%.1f %%", 100*float64(w.contract)/float64(w.source)))
	return " " + strings.Join(out, " | ") + " |"
}

// weigh adds up a product's web form, and what the contract alone would give.
func (b *bench) weigh(ctx context.Context, p *product) (weight, error) {
	w := weight{source: int64(len(p.source)), roles: map[textures.Role]int64{}}
	s, err := glb.Decode(p.source, b.recipe.Limits)
	if err != nil {
		return w, err
	}
	for _, img := range s.Images {
		w.images += int64(len(img.Data))
	}
	web, err := b.rendition(ctx, p, b.level, asset.Web)
	if err != nil {
		return w, err
	}
	w.web, w.rest = int64(len(web.data)), int64(len(web.data))
	for i := range web.images {
		x := &web.images[i]
		n := int64(len(x.data))
		w.roles[x.from.How.Role] += n
		w.rest -= n
		same, err := x.codedAsSource()
		if err != nil {
			return w, fmt.Errorf("%s: image %d: %w", p.name, i, err)
		}
		w.contract += int64(len(same))
	}
	plain, err := b.rendition(ctx, p, b.level, asset.Universal)
	if err != nil {
		return w, err
	}
	w.contract += int64(len(plain.data))
	for _, x := range plain.images {
		w.contract -= int64(len(x.data))
	}
	if plain.whole {
		w.contract -= w.images
	}
	return w, nil
}

// codedAsSource is the image at its size in its source's codec: at the source's own size, its
// file.
func (s *shown) codedAsSource() ([]byte, error) {
	if s.Width == s.SourceWidth && s.Height == s.SourceHeight {
		return s.from.Data, nil
	}
	var out bytes.Buffer
	var err error
	if textures.Sniff(s.from.Data) == textures.PNG {
		err = png.Encode(&out, s.wanted())
	} else {
		err = jpeg.Encode(&out, s.wanted(), &jpeg.Options{Quality: 90})
	}
	return out.Bytes(), err
}

// memory prints how much of each level's cap on GPU memory is taken at most.
func memory(ctx context.Context, b *bench) error {
	fmt.Println("GPU memory of each level against the recipe's cap: the largest of all products, in MiB.")
	fmt.Println()
	fmt.Println("| level | cap | largest, universal | largest, web | files | beyond the cap |")
	fmt.Println("|---|---:|---:|---:|---:|---:|")
	for level, l := range b.recipe.Levels {
		most := map[string]int64{}
		files, beyond := 0, 0
		for _, p := range b.products {
			result, err := b.levels(ctx, p)
			if err != nil {
				return err
			}
			for _, r := range result.Manifest.Levels[level].Renditions {
				files++
				most[r.Form] = max(most[r.Form], r.GPUBytes)
				if l.GPUBytes > 0 && r.GPUBytes > l.GPUBytes {
					beyond++
				}
			}
		}
		const mib = 1 << 20
		fmt.Printf("| %d | %d | %.1f | %.1f | %d | %d |\n", level, l.GPUBytes/mib, float64(most[asset.Universal])/mib, float64(most[asset.Web])/mib, files, beyond)
	}
	fmt.Println()
	return nil
}
