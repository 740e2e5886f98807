package textures

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	sof0  = 0xc0 // baseline
	sof2  = 0xc2 // progressive
	dht   = 0xc4 // not a frame, as the next two
	jpg   = 0xc8
	dac   = 0xcc
	sof15 = 0xcf
	rst0  = 0xd0
	rst7  = 0xd7
	eoi   = 0xd9
	sos   = 0xda
	app1  = 0xe1
	app2  = 0xe2
)

// maxScans is how often a JPEG of that many pixels may go over them. A few bytes make a
// scan, which takes a second for 600 million pixels however little it says; encoders make
// about ten of them.
func maxScans(pixels int64) int64 { return max(24, min(100, (3<<29)/pixels)) }

// jpegSegments are the segments of a JPEG up to its end, with what image/jpeg skips
// between them skipped: coded pixels, restarts, fill and junk.
func jpegSegments(data []byte) parts {
	return func(yield func(part, error) bool) {
		for rest := data[2:]; ; {
			at := max(bytes.IndexByte(rest, 0xff), 0)
			for at < len(rest) && rest[at] == 0xff {
				at++
			}
			if at == 0 || at == len(rest) {
				yield(part{}, cutOff(data))
				return
			}
			marker := rest[at]
			if rest = rest[at+1:]; marker == 0 || marker >= rst0 && marker <= rst7 {
				continue
			}
			if marker == eoi {
				return
			}
			if len(rest) < 2 || int(binary.BigEndian.Uint16(rest)) > len(rest) {
				yield(part{}, cutOff(data))
				return
			}
			n := int(binary.BigEndian.Uint16(rest))
			if n < 2 {
				yield(part{}, fmt.Errorf("its segment %x has a length of %d", marker, n))
				return
			}
			if !yield(part{[4]byte{marker}, rest[2:n], nil}, nil) {
				return
			}
			rest = rest[n:]
		}
	}
}

func (h *Header) jpeg(data []byte) error {
	scans, exif := int64(0), false
	var profile [][]byte // pieces of data
	for p, err := range jpegSegments(data) {
		if err != nil {
			return err
		}
		switch kind := p.kind[0]; {
		case isFrame(kind):
			err = h.frame(p)
		case kind == sos:
			scans++
		case kind == app1 && !exif && bytes.HasPrefix(p.body, []byte(exifPrefix)):
			exif = true
			h.orient(p.body)
		case kind == app2 && bytes.HasPrefix(p.body, []byte(iccPrefix)):
			profile = append(profile, p.body)
		}
		if err != nil {
			return err
		}
	}
	if scans == 0 || h.Width == 0 {
		return errNoPixels
	}
	if most := maxScans(int64(h.Width) * int64(h.Height)); scans > most {
		return fmt.Errorf("it goes over its pixels %d times, the limit is %d; export it as baseline", scans, most)
	}
	h.split(profile)
	return nil
}

// isFrame says whether a marker starts a frame.
func isFrame(marker byte) bool {
	return marker >= sof0 && marker <= sof15 && marker != dht && marker != jpg && marker != dac
}

// frame reads a frame's header; image/jpeg checks what it says of components.
func (h *Header) frame(p part) error {
	marker, b := p.kind[0], p.body
	switch {
	case h.Width > 0:
		return errors.New("it has more than one frame")
	case marker > sof2:
		return fmt.Errorf("it is coded in a way of JPEG (SOF%d) that browsers can't read; export it as baseline or progressive", marker-sof0)
	case len(b) < 6:
		return errors.New("the header of its frame is cut off")
	case b[0] != 8:
		return fmt.Errorf("it has %d bits a sample; export it with 8", b[0])
	}
	w, height := int(binary.BigEndian.Uint16(b[3:])), int(binary.BigEndian.Uint16(b[1:]))
	if height == 0 {
		return errors.New("it doesn't say its height before its pixels; export it again")
	}
	if b[5] == 4 {
		h.note("ink", "convert the image to RGB and export it again", "holds four inks, CMYK, which are turned into RGB without regard to a profile")
	}
	return h.sized(int64(w), int64(height))
}

// iccPrefix stands before a piece of a profile, with the piece's number, from 1, and
// how many there are (ICC.1:2010, B.4).
const iccPrefix = "ICC_PROFILE\x00"

// split reads a profile that is in pieces.
func (h *Header) split(pieces [][]byte) {
	size := 0
	byNumber := [256][]byte{}
	for _, p := range pieces {
		if len(p) >= len(iccPrefix)+2 && byNumber[p[len(iccPrefix)]] == nil {
			byNumber[p[len(iccPrefix)]] = p[len(iccPrefix)+2:]
			size += len(p) - len(iccPrefix) - 2
		}
	}
	if size > 0 && size <= maxProfile {
		h.profile(bytes.Join(byNumber[:], nil), "")
	} else if size > 0 {
		h.tooLong()
	}
}
