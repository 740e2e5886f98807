package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/plinth3d/plinth/textures"
)

// wavy is an image that takes some bits, with alpha from 0 to 255 if it is to have any.
func wavy(w, h int, alpha bool) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{uint8(128 + 90*math.Sin(float64(x)/9)), uint8(128 + 90*math.Cos(float64(y)/7)), uint8(128 + 60*math.Sin(float64(x+y)/5)), 255}
			if alpha {
				c.A = uint8(255 * x / w)
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

// waves are normals.
func waves(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			nx, ny := 0.4*math.Sin(float64(x)/5), 0.4*math.Cos(float64(y)/6)
			code := func(v float64) uint8 { return uint8(math.Round(127.5 + 127.5*v)) }
			img.SetNRGBA(x, y, color.NRGBA{code(nx), code(ny), code(math.Sqrt(1 - nx*nx - ny*ny)), 255})
		}
	}
	return img
}

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pngChunk puts a chunk behind a PNG's header.
func pngChunk(file []byte, kind string, body []byte) []byte {
	const head = 8 + 25
	c := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), kind...)
	c = append(c, body...)
	c = binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(c[4:]))
	return slices.Concat(file[:head], c, file[head:])
}

// turned is a JPEG with an EXIF orientation.
func turned(t *testing.T, img image.Image, orientation byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00"), orientation, 0, 0, 0, 0, 0, 0, 0)
	segment := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2)), exif...)
	return slices.Concat(b.Bytes()[:2], segment, b.Bytes()[2:])
}

// sourceImages writes images to pack into a folder.
func sourceImages(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	opaque, deep := asPNG(t, wavy(60, 40, false)), image.NewNRGBA64(image.Rect(0, 0, 8, 8))
	for i := range deep.Pix {
		deep.Pix[i] = 255
	}
	files := map[string][]byte{
		"wood.png": opaque, "leaf.png": asPNG(t, wavy(60, 40, true)), "bumps.png": asPNG(t, waves(64, 64)),
		"flat.webp": plainWebP(32, 24, color.NRGBA{20, 120, 120, 255}), "photo.jpg": turned(t, wavy(60, 40, false), 6),
		"deep.png": asPNG(t, deep), "strip.png": asPNG(t, image.NewNRGBA(image.Rect(0, 0, 16390, 1))), "broken.png": opaque[:len(opaque)/2],
		"tagged.png":  pngChunk(opaque, "iCCP", []byte("Wide Gamut\x00\x00x\x9c\x03\x00\x00\x00\x00\x01")),
		"tiny.json":   []byte(`{"limits": {"bytes": 100000, "pixels": 100}}`),
		"loose.json":  []byte(`{"roles": {"color": {"pixels": 1, "psnr": 28}}}`),
		"fine.json":   []byte(`{"roles": {"color": {"pixels": 1, "detail": 1}}}`),
		"strict.json": []byte(`{"roles": {"color": {"pixels": 1, "psnr": 80}}}`),
	}
	files["more/wood.png"] = opaque
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// imageFile reads an image that was written.
func imageFile(t *testing.T, file string) (*image.NRGBA, textures.Header) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, err := textures.Inspect(data)
	if err != nil {
		t.Fatal(err)
	}
	img, err := textures.Decode(data, 1<<24)
	if err != nil {
		t.Fatal(err)
	}
	return img, head
}
