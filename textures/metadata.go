package textures

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/plinth3d/plinth/textures/jpeg"
)

// A Header is what a file says of an image without its pixels being decoded.
type Header struct {
	MIME          string
	Width, Height int
	Orientation   int     // EXIF's: 1 as stored, up to 8; see Upright
	Profile       Profile // of its colors
	Notes         []Note  // what Decode changes, or doesn't act on
}

// A Note is one thing about an image that whoever made it may want to know.
type Note struct {
	Code string // "animated", "depth", "gamma", "ink", "orientation" or "profile"
	What string // "has 16 bits a channel, which are rounded to 8"
	Do   string // what to do about it
}

// note notes one thing of a kind; a file may have it many times.
func (h *Header) note(code, do, format string, args ...any) {
	if slices.ContainsFunc(h.Notes, func(n Note) bool { return n.Code == code }) {
		return
	}
	h.Notes = append(h.Notes, Note{code, fmt.Sprintf(format, args...), do})
}

// Inspect reads all that stands around the pixels of an image, in time linear in its
// bytes and memory that doesn't depend on what they claim. A file whose parts don't lie
// within it, or that Decode can't read whatever its pixels are, is an error.
func Inspect(data []byte) (Header, error) {
	h := Header{MIME: Sniff(data), Orientation: 1}
	if err := h.read(data); err != nil {
		return Header{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if h.Orientation != 1 {
		h.note("orientation", "turn the pixels themselves and export it again", "has an EXIF orientation of %d, which is not applied", h.Orientation)
	}
	if p := h.Profile; p.Name != "" && !p.SRGB {
		h.note("profile", "convert the image to sRGB and export it again", "has the color profile %q, which is not sRGB; it is ignored", p.Name)
	}
	return h, nil
}

func (h *Header) read(data []byte) error {
	switch h.MIME {
	case PNG:
		return h.png(data)
	case JPEG:
		return h.jpeg(data)
	case WebP:
		return h.webp(data)
	}
	return errUnknown
}

// longestSide is the most pixels that an image may have along an axis: as many as a JPEG
// can have, and more than a GPU takes. Rows cost more than their pixels while they are
// filtered, so a limit of pixels isn't enough.
const longestSide = jpeg.MaxEdge

// sized sets the size.
func (h *Header) sized(w, height int64) error {
	switch {
	case w < 1 || height < 1:
		return fmt.Errorf("it is %d by %d pixels", w, height)
	case max(w, height) > longestSide:
		return fmt.Errorf("it is %d by %d pixels; a side has at most %d", w, height, longestSide)
	}
	h.Width, h.Height = int(w), int(height)
	return nil
}

// A part is a chunk of a PNG or WebP or a segment of a JPEG, as pieces of the file.
type part struct {
	kind  [4]byte // in JPEG the marker, then zeros
	body  []byte
	whole []byte // with what says its kind and length
}

// parts are a file's, in order, up to its end or to the first that doesn't lie within
// it, which is the error.
type parts = iter.Seq2[part, error]

var errNoPixels = errors.New("it has no pixels")

// cutOff says where a file ends too early.
func cutOff(data []byte) error { return fmt.Errorf("it is cut off after %d bytes", len(data)) }
