package textures

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const riffHeader = 12 // "RIFF", length, "WEBP"

// webpChunks are the chunks of a WebP (RFC 9649, 2.3).
func webpChunks(data []byte) parts {
	return func(yield func(part, error) bool) {
		size := uint64(binary.LittleEndian.Uint32(data[4:])) + 8
		if size > uint64(len(data)) || size < riffHeader {
			yield(part{}, cutOff(data))
			return
		}
		for rest := data[riffHeader:size]; len(rest) > 0; {
			if len(rest) < 8 || uint64(binary.LittleEndian.Uint32(rest[4:])) > uint64(len(rest)-8) {
				yield(part{}, errors.New("it has a chunk that is longer than it"))
				return
			}
			end := 8 + int(binary.LittleEndian.Uint32(rest[4:]))
			if !yield(part{[4]byte(rest), rest[8:end], rest[:end]}, nil) {
				return
			}
			rest = rest[min(end+end%2, len(rest)):]
		}
	}
}

// webpPixels are the parts of a WebP that make its pixels.
type webpPixels struct {
	canvas, alpha, image part
}

func (h *Header) webp(data []byte) error {
	_, err := h.webpPixels(data)
	return err
}

func (h *Header) webpPixels(data []byte) (found webpPixels, err error) {
	exif := false
	for p, err := range webpChunks(data) {
		if err != nil {
			return found, err
		}
		switch string(p.kind[:]) {
		case "VP8X":
			if found.canvas.body != nil || found.alpha.body != nil || found.image.body != nil {
				return found, errors.New("its header isn't its first chunk")
			}
			found.canvas = p
		case "ALPH":
			if found.alpha.body == nil {
				found.alpha = p
			}
		case "VP8 ", "VP8L":
			if found.image.body == nil {
				found.image = p
			}
		case "ANIM", "ANMF":
			return found, errAnimated
		case "ICCP":
			h.profile(p.body, "")
		case "EXIF":
			if !exif {
				exif = true
				h.orient(p.body)
			}
		}
		if found.image.body != nil && found.canvas.body == nil {
			break // the simple kind has one chunk
		}
	}
	return found, h.webpSize(found)
}

var errAnimated = errors.New("it is animated; export a still image")

// webpSize reads the size of the image and checks it against the canvas.
func (h *Header) webpSize(found webpPixels) error {
	b := found.image.body
	var w, height int
	switch {
	case b == nil:
		return errNoPixels
	case found.image.kind[3] == 'L':
		if len(b) < 5 || b[0] != 0x2f {
			return errors.New("its lossless header is broken")
		}
		v := binary.LittleEndian.Uint32(b[1:])
		w, height = int(v&0x3fff)+1, int(v>>14&0x3fff)+1
	default:
		if len(b) < 10 || b[0]&1 != 0 || string(b[3:6]) != "\x9d\x01\x2a" {
			return errors.New("its lossy header is broken")
		}
		w, height = int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff)
	}
	if x := found.canvas.body; x != nil {
		if len(x) != 10 {
			return fmt.Errorf("its header has %d bytes, not 10", len(x))
		}
		if x[0]&2 != 0 {
			return errAnimated
		}
		if cw, ch := int24(x[4:])+1, int24(x[7:])+1; cw != w || ch != height {
			return fmt.Errorf("its header says %d by %d pixels, its image has %d by %d", cw, ch, w, height)
		}
	}
	return h.sized(int64(w), int64(height))
}

func int24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// newPlainWebP reads a WebP without the chunks that don't make pixels. What its header
// says of alpha is made to fit, as libwebp goes by the chunks.
func newPlainWebP(data []byte) (io.Reader, error) {
	var h Header
	found, err := h.webpPixels(data)
	if err != nil {
		return nil, err
	}
	pieces := []part{found.image}
	if found.alpha.body != nil && found.canvas.body != nil && found.image.kind[3] == ' ' {
		canvas := bytes.Clone(found.canvas.whole)
		canvas[8] = 0x10
		pieces = []part{{whole: canvas}, found.alpha, found.image}
	}
	size, readers := 4, []io.Reader{nil}
	for _, p := range pieces {
		odd := len(p.whole) % 2
		size += len(p.whole) + odd
		readers = append(readers, bytes.NewReader(p.whole), bytes.NewReader(make([]byte, odd)))
	}
	head := append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(size)), "WEBP"...)
	readers[0] = bytes.NewReader(head)
	return io.MultiReader(readers...), nil
}
