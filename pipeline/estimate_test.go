package pipeline_test

import (
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
)

func TestAHeaderTellsWhatTheFileHas(t *testing.T) {
	for _, name := range []string{"lamp", "rack", "fern", "flag"} {
		src := sample(t, name)
		h, err := glb.Peek(src, scene.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		m, err := pipeline.Examine(src, pipeline.Default())
		if err != nil {
			t.Fatal(err)
		}
		f := m.Facts()
		if h.Vertices != f.Vertices || h.Drawn != f.Vertices || h.Triangles != f.Triangles || len(h.Images) != f.Images || h.Animations != int64(f.Animations) ||
			(h.Posed > 0) != (f.Skins > 0) || h.Arrays < 24*f.Vertices {
			t.Errorf("%s: its header says %+v, it has %+v", name, h, f)
		}
	}
}

func TestProcessRefusesWhatNeedsTooMuch(t *testing.T) {
	src := sample(t, "lamp")
	need, err := pipeline.Estimate(src, pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (pipeline.Processor{Memory: need}).Process(t.Context(), src, pipeline.Default()); err != nil {
		t.Errorf("with all it needs: %v", err)
	}
	_, err = pipeline.Processor{Memory: need - 1}.Process(t.Context(), src, pipeline.Default())
	if f, refused := pipeline.Refusal(err); !refused || f.Code != "too-much-memory" || f.Do == "" {
		t.Errorf("got %v", err)
	}
}

// FuzzEstimate: what can be read has an estimate, and no header is believed beyond reason.
func FuzzEstimate(f *testing.F) {
	f.Add(pipeline.Heavy(f, 16, 4))
	f.Add([]byte(`{"asset":{"version":"2.0"},"accessors":[{"count":9000000000000000000,"componentType":5126,"type":"MAT4"}],"meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],"nodes":[{"mesh":0},{"mesh":0}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		need, err := pipeline.Estimate(data, pipeline.Default())
		if _, refused := pipeline.Refusal(err); err != nil && !refused {
			t.Fatal(err)
		}
		if err == nil && (need < 0 || need > 64<<30) {
			t.Errorf("it says %d bytes", need)
		}
		if err != nil {
			if _, readable := pipeline.Examine(data, pipeline.Default()); readable == nil {
				t.Errorf("it can be read, and yet: %v", err)
			}
		}
	})
}
