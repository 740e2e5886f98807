package pipeline

import (
	"context"
	"image"

	"github.com/plinth3d/plinth/textures"
)

// A Map is an image of a source that its levels hold, as Process sees it.
type Map struct {
	Data   []byte // of the source
	Pixels *image.NRGBA
	How    textures.Resample
	Use    textures.Use
}

// Maps reads the images of a source that its levels hold, in the order in which the levels'
// files have them. It is for those who measure what became of them: an image of a level is the
// Pixels of its Map, resized as How says and coded for Use, unless it is Data itself.
func Maps(ctx context.Context, src []byte, r Recipe) ([]Map, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	m, err := read(src, r)
	if err != nil {
		return nil, err
	}
	s := tidied(m.scene, r)
	pictures, err := studyImages(ctx, s, r.Limits.Pixels)
	if err != nil {
		return nil, err
	}
	folded := fold(s, pictures)
	pictures = carried(s, folded, pictures)
	out := make([]Map, len(pictures))
	for i := range pictures {
		p := &pictures[i]
		out[i] = Map{Data: folded.Images[i].Data, Pixels: p.pixels, How: p.how, Use: p.use(r)}
	}
	return out, nil
}
