package pipeline

import (
	"fmt"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// imageNotes tells what images say of themselves that is changed, or not acted on: glTF
// says that color profiles must be ignored and EXIF may be. It reads what stands around
// the pixels only, and tells each kind of thing once, of the first image that has it. An
// image whose structure can't be right is an error.
func imageNotes(images []scene.Image) ([]scene.Finding, error) {
	seen := map[textures.Place]bool{} // images that share their bytes are read once
	count := map[string]int{}
	var out []scene.Finding
	for i, img := range images {
		at := textures.PlaceOf(img.Data)
		if seen[at] {
			continue
		}
		seen[at] = true
		h, err := textures.Inspect(img.Data)
		if err != nil {
			return nil, unreadable(i, err)
		}
		for _, n := range h.Notes {
			if count[n.Code]++; count[n.Code] == 1 {
				out = append(out, scene.Finding{Code: n.Code, Severity: scene.Note, Where: fmt.Sprintf("images[%d]", i), What: n.What, Do: n.Do})
			}
		}
	}
	for i := range out {
		if more := count[out[i].Code] - 1; more > 0 {
			out[i].What += fmt.Sprintf(" (so it is with %d more)", more)
		}
	}
	return out, nil
}

// unreadable is what an image that can't be used makes of its model.
func unreadable(image int, err error) *scene.FormatError {
	return &scene.FormatError{
		Code: "image", Where: fmt.Sprintf("images[%d]", image), What: fmt.Sprintf("can't be read: %v", err), Do: "export textures as PNG, JPEG or WebP",
	}
}

// abnormal tells of images that are used as normals and are none.
func abnormal(pictures []picture) (out []asset.Finding) {
	for i := range pictures {
		if p := &pictures[i]; p.abnormal {
			out = append(out, asset.Finding{
				Code: "normals", Severity: string(scene.Note), Where: fmt.Sprintf("images[%d]", p.source),
				What: "is used as a normal map, and hardly a pixel is a normal; it is kept as numbers",
				Do:   "export normals in tangent space, with Z in blue",
			})
		}
	}
	return out
}
