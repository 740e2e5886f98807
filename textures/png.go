package textures

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	pngSignature = 8
	pngAround    = 12 // length, kind and checksum of a chunk
)

// pngChunks are the chunks of a PNG up to IEND (W3C PNG, 5.3).
func pngChunks(data []byte) parts {
	return func(yield func(part, error) bool) {
		for rest := data[pngSignature:]; ; {
			if len(rest) < pngAround {
				yield(part{}, cutOff(data))
				return
			}
			n := binary.BigEndian.Uint32(rest)
			if uint64(n) > uint64(len(rest)-pngAround) {
				yield(part{}, cutOff(data))
				return
			}
			p := part{[4]byte(rest[4:]), rest[8 : 8+n], rest[:pngAround+n]}
			if !yield(p, nil) || string(p.kind[:]) == "IEND" {
				return
			}
			rest = rest[len(p.whole):]
		}
	}
}

func (h *Header) png(data []byte) error {
	said := map[string][]byte{} // what the first chunk of each kind holds
	first := true
	for p, err := range pngChunks(data) {
		if err == nil && first {
			err = h.ihdr(p)
		}
		if err != nil {
			return err
		}
		switch string(p.kind[:]) {
		case "acTL", "eXIf", "sRGB", "iCCP", "cICP", "gAMA":
			if said[string(p.kind[:])] == nil {
				said[string(p.kind[:])] = p.body
			}
		case "IHDR":
			if !first {
				return errors.New("it has more than one header")
			}
		case "PLTE", "tRNS", "IDAT", "IEND":
		default:
			if p.kind[0]&0x20 == 0 { // may not be skipped
				return fmt.Errorf("it has a chunk %q, which this version can't read", p.kind)
			}
		}
		first = false
	}
	h.colors(said)
	h.orient(said["eXIf"])
	if said["acTL"] != nil {
		h.note("animated", "export a still image", "is animated; its still image is taken")
	}
	return nil
}

// colors reads what chunks say of colors. The order in which they count is that of the
// standard (W3C PNG, 4.3).
func (h *Header) colors(said map[string][]byte) {
	switch {
	case said["cICP"] != nil:
		h.codePoints(said["cICP"])
	case said["iCCP"] != nil:
		h.iccp(said["iCCP"])
	case said["sRGB"] == nil && len(said["gAMA"]) == 4:
		h.gamma(binary.BigEndian.Uint32(said["gAMA"]))
	}
}

// ihdr reads a PNG's header; image/png checks what it says of colors.
func (h *Header) ihdr(p part) error {
	b := p.body
	if string(p.kind[:]) != "IHDR" || len(b) != 13 {
		return fmt.Errorf("its first chunk is %q of %d bytes, not a header", p.kind, len(b))
	}
	if b[8] == 16 {
		h.note("depth", "export it with 8 bits a channel", "has 16 bits a channel, which are rounded to 8")
	}
	return h.sized(int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:])))
}

// iccp reads a profile: its name, a zero, a zero for deflate, and the rest deflated.
func (h *Header) iccp(b []byte) {
	name, packed, ok := bytes.Cut(b, []byte{0})
	if !ok || len(packed) == 0 || packed[0] != 0 {
		return
	}
	r, err := zlib.NewReader(bytes.NewReader(packed[1:]))
	if err != nil {
		return
	}
	// Whatever is broken or too much in there, what came before it is a profile or not.
	profile, _ := io.ReadAll(io.LimitReader(r, maxProfile+1))
	h.profile(profile, string(name))
}

// codePoints reads what video calls its colors (ITU-T H.273): sRGB is primaries 1 with
// transfer 13.
func (h *Header) codePoints(b []byte) {
	if len(b) == 4 && (b[0] != 1 || b[1] != 13) {
		h.Profile = Profile{Name: fmt.Sprintf("H.273 %d/%d", b[0], b[1])}
	}
}

// gamma notes an exponent that isn't sRGB's; it is in 100000ths.
func (h *Header) gamma(v uint32) {
	if v < 45000 || v > 46000 {
		h.note("gamma", "convert the image to sRGB and export it again", "says its gamma is 1/%.3g, where sRGB's is 1/2.2; it is ignored", 1e5/float64(max(v, 1)))
	}
}

// plainPNG reads a PNG without the chunks that don't make pixels: image/png takes 4 kB
// for each chunk it skips, and a file may have millions.
type plainPNG struct {
	data []byte // what wasn't looked at yet
	next []byte // what is to be read now
}

func newPlainPNG(data []byte) (io.Reader, error) {
	return &plainPNG{data[pngSignature:], data[:pngSignature]}, nil
}

// Read implements io.Reader.
func (r *plainPNG) Read(b []byte) (int, error) {
	for len(r.next) == 0 {
		if len(r.data) < pngAround {
			return 0, io.EOF
		}
		n := uint64(binary.BigEndian.Uint32(r.data)) + pngAround
		if n > uint64(len(r.data)) {
			return 0, io.ErrUnexpectedEOF
		}
		switch string(r.data[4:8]) {
		case "IHDR", "PLTE", "tRNS", "IDAT", "IEND":
			r.next = r.data[:n]
		}
		r.data = r.data[n:]
	}
	n := copy(b, r.next)
	r.next = r.next[n:]
	return n, nil
}
