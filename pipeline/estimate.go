package pipeline

import (
	"github.com/plinth3d/plinth/mesh/glb"
)

// What things take while Process works, in bytes. They are fitted from above to the peaks of
// processes that convert one file, on two processors.
const (
	restBytes      = 64 << 20 // the program itself
	sourceBytes    = 4        // for each of the source: it, its coded images, and files of them
	pixelBytes     = 4        // of each image, decoded, to the end
	readingBytes   = 20       // for each pixel that is being decoded
	codingBytes    = 50       // for each pixel of a source that is being coded
	arrayBytes     = 3        // for each of the source's arrays: they, and those of levels
	triangleBytes  = 1000     // for each triangle that is simplified
	poseBytes      = 300      // for each vertex in each pose but the first
	drawnBytes     = 24       // for each vertex on the stage
	structureBytes = 16       // for each of the JSON
)

// Estimate tells from the header of a file about how many bytes of memory Process takes for it:
// more than it does, up to three times as many. An error is one that Process would return.
func Estimate(src []byte, r Recipe) (int64, error) {
	h, err := glb.Peek(src, r.Limits)
	if err != nil {
		return 0, err
	}
	pixels, largest := int64(0), int64(0)
	for _, img := range h.Images {
		n := int64(img.Width) * int64(img.Height)
		pixels, largest = pixels+n, max(largest, n)
	}
	// One image at least is decoded or coded at a time, more as long as they are small enough together.
	reading := min(pixels, max(largest, pixelsRead))
	coding := min(pixels, max(largest, pixelsAtOnce))
	frames := min(framesPerAnimation*h.Animations, maxFrames)
	poses := min(h.Posed*frames+h.Morphed, maxPosed)
	meshes := triangleBytes*h.Triangles + poseBytes*poses
	return restBytes + sourceBytes*int64(len(src)) + pixelBytes*pixels + max(readingBytes*reading, codingBytes*coding+meshes) +
		arrayBytes*h.Arrays + drawnBytes*h.Drawn + structureBytes*h.JSON, nil
}
