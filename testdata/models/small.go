package models

import (
	"fmt"
	"image/color"
	"math"

	"github.com/plinth3d/plinth/mesh/glb"
)

// Small makes the file of a bowl with 384 triangles and a texture of 64 pixels, another one
// for each n: for tests that need many files, and little work for each.
func Small(n int) ([]byte, error) {
	s := newStage()
	glaze := s.material(fmt.Sprint("glaze ", n), [4]float64{1, 1, 1, 1}, 0, 0.4)
	hue := float64(n%97) / 97
	s.Materials[glaze].BaseColor = s.texture("glaze", paint(64, func(u, v float64) color.NRGBA {
		return shade(0.7+0.3*noise(u*8+hue, v*8, 9), 255*hue, 255*(1-hue), 128+100*math.Sin(9*hue))
	}))
	waist := 0.05 + float64(n)*1e-5
	bowl := turned(16, 12, func(v float64) (float64, float64) {
		return waist + 0.04*math.Sin(math.Pi*v), 0.12 * v
	})
	s.node("bowl", s.mesh("bowl", bowl.primitive(glaze)), [3]float64{})
	data, err := glb.Encode(&s.Scene)
	if err != nil {
		return nil, fmt.Errorf("make a small model: %w", err)
	}
	return data, nil
}
