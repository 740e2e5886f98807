package pipeline

import (
	"context"
	"fmt"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// The progressive form is the web form's levels in one file, the coarsest first. A viewer
// that knows MSFT_lod and asks for ranges shows each level as soon as it is there; any other
// shows the finest. Caps are not for it: it is all levels.

// progressive adds the form to a result. Names are of the files that are there, by hash: of a
// model with one level it is the file of the web form.
func (j *job) progressive(ctx context.Context, out *Result, levels []*packed, names map[string]string) error {
	files, at := distinct(levels)
	scenes := make([]*scene.Scene, len(files))
	for i, f := range files {
		scenes[i] = f.scene
	}
	stack, err := scene.StackLevels(ctx, scenes, len(j.folded.Nodes), j.coverage(at))
	if err != nil {
		return err
	}
	data, spans, err := glb.EncodeLevels(stack)
	if err != nil {
		return fmt.Errorf("%s form: %w", asset.Progressive, err)
	}
	hash := asset.Hash(data)
	name, ok := names[hash]
	if !ok {
		name = "levels." + asset.Progressive + ".glb"
		names[hash] = name
		out.Outputs = append(out.Outputs, Output{name, mediaType, data})
	}
	for k, i := range at {
		r := files[i].rendition(name, hash)
		r.Form, r.Bytes, r.Range = asset.Progressive, int64(len(data)), &asset.Span{Offset: spans[i].Offset, Bytes: spans[i].Bytes}
		l := &out.Manifest.Levels[k]
		l.Renditions = append(l.Renditions, r)
	}
	return nil
}

// distinct lists the files of the web form, each once, and which one each level has.
func distinct(levels []*packed) (files []*file, at []int) {
	for _, l := range levels {
		f := l.form(asset.Web)
		if len(files) == 0 || files[len(files)-1].scene != f.scene {
			files = append(files, f)
		}
		at = append(at, len(files)-1)
	}
	return files, at
}

// coverage is down to what share of the height of the finest level's viewer each file is to
// be shown: to where the next one is right. The coarsest is never too coarse.
func (j *job) coverage(at []int) []float64 {
	var out []float64
	for k := 1; k < len(at); k++ {
		if at[k] != at[k-1] {
			out = append(out, float64(j.recipe.Levels[k].Height)/float64(j.recipe.Levels[0].Height))
		}
	}
	return append(out, 0)
}
