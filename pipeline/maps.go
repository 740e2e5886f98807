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
	j, err := Processor{}.prepare(ctx, src, r)
	if err != nil {
		return nil, err
	}
	out := make([]Map, len(j.pictures))
	for i := range j.pictures {
		p := &j.pictures[i]
		out[i] = Map{Data: j.folded.Images[i].Data, Pixels: p.pixels, How: p.how, Use: p.use(r)}
	}
	return out, nil
}
