package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"strings"

	"github.com/plinth3d/plinth/textures"
)

// asItsSource codes an image at its size as the file it came from: at the source's own size,
// that file.
func (b *bench) asItsSource(ctx context.Context, x *shown) ([]byte, error) {
	if x.Width == x.SourceWidth && x.Height == x.SourceHeight {
		return x.from.Data, nil
	}
	img := x.wanted()
	switch textures.Sniff(x.from.Data) {
	case textures.JPEG:
		c, err := readCoding(x.from.Data)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(b.at("tables.txt"), []byte(c.tablesText()), 0o644); err != nil {
			return nil, err
		}
		return b.cjpeg(ctx, img, append(c.switches(), "-optimize", "-qtables", b.at("tables.txt"))...)
	case textures.PNG:
		var out bytes.Buffer
		err := png.Encode(&out, img)
		return out.Bytes(), err
	}
	return nil, errors.New("only JPEG and PNG can be coded as they were")
}

// cjpeg packs an image without its alpha.
func (b *bench) cjpeg(ctx context.Context, img *image.NRGBA, args ...string) ([]byte, error) {
	ppm := fmt.Appendf(nil, "P6\n%d %d\n255\n", img.Rect.Dx(), img.Rect.Dy())
	for i := 0; i < len(img.Pix); i += 4 {
		ppm = append(ppm, img.Pix[i:i+3]...)
	}
	cmd := exec.CommandContext(ctx, "cjpeg", args...)
	var out, talk bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(ppm), &out, &talk
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("cjpeg %s: %w: %s", strings.Join(args, " "), err, talk.String())
	}
	return out.Bytes(), nil
}

// jpegCoding is how finely a JPEG was coded.
type jpegCoding struct {
	tables   [4][64]uint16 // of quantization, in rows
	sampling [][2]int      // of each component
	slots    []int         // the table of each
}

// readCoding finds the quantization tables and the sampling in a JPEG (ITU-T T.81, B.2).
func readCoding(data []byte) (c jpegCoding, err error) {
	bad := errors.New("is no JPEG whose coding can be read")
	for at := 2; at+4 <= len(data) && data[at] == 0xFF; {
		kind, size := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		if size < 2 || at+2+size > len(data) {
			return c, bad
		}
		body := data[at+4 : at+2+size]
		at += 2 + size
		switch {
		case kind == 0xDB:
			if !c.readTables(body) {
				return c, bad
			}
		case kind >= 0xC0 && kind <= 0xC2:
			if len(body) < 6 || len(body) < 6+3*int(body[5]) {
				return c, bad
			}
			for k := range int(body[5]) {
				p := body[6+3*k:]
				c.sampling = append(c.sampling, [2]int{int(p[1] >> 4), int(p[1] & 15)})
				c.slots = append(c.slots, int(p[2]&3))
			}
		case kind == 0xDA:
			if len(c.sampling) == 1 || len(c.sampling) == 3 {
				return c, nil
			}
			return c, bad
		}
	}
	return c, bad
}

// readTables reads a segment of tables: each has a byte on its precision and slot, then 64
// values along the zigzag.
func (c *jpegCoding) readTables(body []byte) bool {
	for len(body) > 0 {
		width, slot := 1+int(body[0]>>4), int(body[0]&15)
		body = body[1:]
		if width > 2 || slot > 3 || len(body) < 64*width {
			return false
		}
		for k, to := range zigzag() {
			v := uint16(body[k*width])
			if width == 2 {
				v = binary.BigEndian.Uint16(body[2*k:])
			}
			c.tables[slot][to] = v
		}
		body = body[64*width:]
	}
	return true
}

// zigzag is the place in its block of each coefficient, in the order of the file.
func zigzag() (out [64]int) {
	n := 0
	for sum := range 15 {
		for k := max(0, sum-7); k <= min(7, sum); k++ {
			row := k
			if sum%2 == 0 {
				row = sum - k // even diagonals go up
			}
			out[n] = 8*row + sum - row
			n++
		}
	}
	return out
}

// tablesText is the tables as cjpeg reads them.
func (c *jpegCoding) tablesText() string {
	var out strings.Builder
	for _, t := range c.tables {
		for _, v := range t {
			fmt.Fprintf(&out, "%d ", max(v, 1)) // tables that aren't there are not read
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// switches are cjpeg's for the components.
func (c *jpegCoding) switches() []string {
	var sampling, slots []string
	for k, s := range c.sampling {
		sampling = append(sampling, fmt.Sprintf("%dx%d", s[0], s[1]))
		slots = append(slots, fmt.Sprint(c.slots[k]))
	}
	out := []string{"-qslots", strings.Join(slots, ","), "-sample", strings.Join(sampling, ",")}
	if len(c.sampling) == 1 {
		return append([]string{"-grayscale"}, "-qslots", slots[0])
	}
	return out
}
