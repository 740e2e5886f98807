package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// product is a source, and its images that levels hold.
type product struct {
	name, file string
	source     []byte
	maps       []pipeline.Map
	result     *pipeline.Result // once it was asked for
}

func (b *bench) load(ctx context.Context, file string) (*product, error) {
	p := &product{name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), file: file}
	var err error
	if p.source, err = os.ReadFile(file); err != nil {
		return nil, err
	}
	p.maps, err = pipeline.Maps(ctx, p.source, b.recipe)
	return p, err
}

// levels makes the levels of a product, once.
func (b *bench) levels(ctx context.Context, p *product) (*pipeline.Result, error) {
	if p.result != nil {
		return p.result, nil
	}
	var err error
	if p.result, err = pipeline.Process(ctx, p.source, b.recipe); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return p.result, nil
}

// rendition is one file of a product.
type rendition struct {
	asset.Rendition
	data   []byte
	images []shown
	whole  bool // it is the source itself
}

// shown is an image in a rendition.
type shown struct {
	asset.Texture
	from *pipeline.Map
	data []byte
}

// each calls do with every image of the level that is looked at, in a form.
func (b *bench) each(ctx context.Context, form string, do func(p *product, x *shown) error) error {
	for _, p := range b.products {
		r, err := b.rendition(ctx, p, b.level, form)
		if err != nil {
			return err
		}
		for i := range r.images {
			if err := do(p, &r.images[i]); err != nil {
				return fmt.Errorf("%s: image %d: %w", p.name, i, err)
			}
		}
	}
	return nil
}

// rendition reads a file and finds which image of the source each of its images shows.
func (b *bench) rendition(ctx context.Context, p *product, level int, form string) (*rendition, error) {
	result, err := b.levels(ctx, p)
	if err != nil {
		return nil, err
	}
	r, ok := result.Manifest.Levels[level].Rendition(form)
	if !ok {
		return nil, fmt.Errorf("%s: level %d has no %s form", p.name, level, form)
	}
	out := &rendition{Rendition: r}
	for _, o := range result.Outputs {
		if o.Name == r.Key {
			out.data = o.Data
		}
	}
	if out.whole = bytes.Equal(out.data, p.source); out.whole {
		return out, nil // nothing was done to its images
	}
	s, err := glb.Decode(out.data, b.recipe.Limits)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", p.name, r.Key, err)
	}
	if len(s.Images) != len(p.maps) || len(r.Textures) != len(p.maps) {
		return nil, fmt.Errorf("%s: %s has %d images and the manifest %d, of %d", p.name, r.Key, len(s.Images), len(r.Textures), len(p.maps))
	}
	for i, img := range s.Images {
		x := shown{r.Textures[i], &p.maps[i], img.Data}
		w, h, err := textures.Config(img.Data)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: image %d: %w", p.name, r.Key, i, err)
		}
		if w != x.Width || h != x.Height || x.Role != string(x.from.How.Role) {
			return nil, fmt.Errorf("%s: %s: image %d (%s, %d by %d) isn't what the manifest says", p.name, r.Key, i, x.from.How.Role, w, h)
		}
		out.images = append(out.images, x)
	}
	return out, nil
}

// asItCame tells whether the file of the source was kept.
func (s *shown) asItCame() bool { return bytes.Equal(s.data, s.from.Data) }

// wanted is the image at its size, without any loss from coding.
func (s *shown) wanted() *image.NRGBA {
	return textures.Resize(s.from.Pixels, s.Width, s.Height, s.from.How)
}

// loss is how far the image is from what was wanted.
func (s *shown) loss() (textures.Difference, error) {
	return difference(s.wanted(), s.data, s.from.Use)
}

// difference measures a file against the image it was made of.
func difference(want *image.NRGBA, data []byte, u textures.Use) (textures.Difference, error) {
	got, err := textures.Decode(data, 1<<26)
	if err != nil {
		return textures.Difference{}, err
	}
	return textures.Compare(want, got, u)
}

// seesThrough tells whether the alpha of an image is used, and says anything.
func seesThrough(img *image.NRGBA, u textures.Use) bool {
	return u.Used&textures.A != 0 && textures.Analyse(img).Min[3] < 255
}

// writePNG writes an image for a peer to read.
func writePNG(file string, img image.Image) error {
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, img); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

// roles are those that have rows, in their order.
var roles = []textures.Role{textures.Color, textures.Emissive, textures.Normal, textures.ORM, textures.Data}
