package pipeline_test

import (
	"testing"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/textures"
)

func TestMapsAreInTheOrderOfTheLevelsTextures(t *testing.T) {
	src := sample(t, "fern")
	maps, err := pipeline.Maps(t.Context(), src, pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	levels := process(t, src).Manifest.Levels
	entries := levels[len(levels)-1].Renditions[0].Textures
	if len(maps) == 0 || len(maps) != len(entries) {
		t.Fatalf("%d maps, the last level has %d textures", len(maps), len(entries))
	}
	for i, m := range maps {
		w, h, err := textures.Config(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		e := entries[i]
		if string(m.How.Role) != e.Role || w != e.SourceWidth || h != e.SourceHeight || m.Pixels.Rect.Dx() != w || m.Pixels.Rect.Dy() != h {
			t.Errorf("map %d is %s of %d by %d, the manifest has %s of %d by %d", i, m.How.Role, w, h, e.Role, e.SourceWidth, e.SourceHeight)
		}
	}
	if _, err := pipeline.Maps(t.Context(), src[:100], pipeline.Default()); err == nil {
		t.Error("a file that ends early has maps")
	}
}
