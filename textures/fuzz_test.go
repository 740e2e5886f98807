package textures

import (
	"encoding/binary"
	"hash/crc32"
	"image"
	"slices"
	"testing"
)

// decodes fails if what is read doesn't fit what the file says, or is beyond the limit.
func decodes(t *testing.T, data []byte) {
	t.Helper()
	const limit = 1 << 14
	img, err := Decode(data, limit)
	if err != nil {
		return
	}
	h, err := Inspect(data)
	if err != nil {
		t.Fatalf("decoded, but %v", err)
	}
	w, height, err := Config(data)
	if err != nil || w != h.Width || height != h.Height || img.Rect != image.Rect(0, 0, w, height) || w*height > limit {
		t.Errorf("the image is %v, Inspect says %d by %d and Config %d by %d, %v", img.Rect, h.Width, h.Height, w, height, err)
	}
	if img.Stride != 4*w || len(img.Pix) != 4*w*height {
		t.Errorf("%d bytes in rows of %d for %d by %d pixels", len(img.Pix), img.Stride, w, height)
	}
}

// FuzzPNG makes files whose framing is right, so that what is read of them is deep
// inside.
func FuzzPNG(f *testing.F) {
	row := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 9, 8, 7, 6, 5, 4, 3, 2}
	for _, kind := range [][2]byte{{1, 0}, {2, 0}, {4, 0}, {8, 0}, {16, 0}, {8, 2}, {16, 2}, {1, 3}, {2, 3}, {4, 3}, {8, 3}, {8, 4}, {16, 4}, {8, 6}, {16, 6}} {
		for interlace := range byte(2) {
			f.Add(uint16(2), uint16(2), kind[0], kind[1], interlace, []byte("\x01\x02\x03\x04\x05\x06"), []byte{1, 2}, "gAMA", []byte{0, 0, 0, 1}, slices.Repeat(row, 3))
		}
	}
	f.Fuzz(func(t *testing.T, w, h uint16, depth, color, interlace byte, palette, clear []byte, kind string, extra, rows []byte) {
		chunks := [][]byte{ihdr(uint32(w), uint32(h), depth, color, interlace)}
		if len(kind) == 4 {
			chunks = append(chunks, chunk(kind, extra))
		}
		if color == 3 {
			chunks = append(chunks, chunk("PLTE", palette))
		}
		if len(clear) > 0 {
			chunks = append(chunks, chunk("tRNS", clear))
		}
		decodes(t, rawPNG(append(chunks, idat(rows))...))
	})
}

func FuzzJPEG(f *testing.F) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio444} {
		for level := range 3 {
			f.Add(sampleJPEG(f, smooth(17, 9), ratio, level))
		}
	}
	f.Add(flatJPEG(200))
	f.Add(flatJPEG(200, 100, 50))
	f.Add(behindSOI(flatJPEG(10, 20, 30), adobe(0)))
	f.Add(behindSOI(flatJPEG(10, 20, 30, 40), adobe(0)))
	f.Add(behindSOI(flatJPEG(10, 20, 30, 40), adobe(2), exifJPEG(6)))
	f.Fuzz(decodes)
}

func FuzzWebP(f *testing.F) {
	for _, data := range [][]byte{lossyWebP, alphaWebP, losslessWebP} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8 { // mutations hardly ever hit the length
			binary.LittleEndian.PutUint32(data[4:], uint32(len(data)-8))
		}
		decodes(t, data)
	})
}

func FuzzInspect(f *testing.F) {
	profile := iccProfile("sRGB", srgbPrimaries, srgbCurve())
	f.Add(with(samplePNG(f, smooth(3, 3)), chunk("iCCP", append([]byte("a name\x00\x00"), deflated(profile)...)), chunk("eXIf", exif(6, binary.BigEndian))))
	f.Add(with(samplePNG(f, smooth(3, 3)), chunk("cICP", []byte{9, 16, 0, 1}), chunk("gAMA", []byte{0, 1, 0x86, 0xa0}), chunk("acTL", make([]byte, 8))))
	f.Add(behindSOI(flatJPEG(1, 2, 3, 4), iccJPEG(profile, 2)...))
	f.Add(behindSOI(flatJPEG(1), exifJPEG(3)))
	f.Add(rawWebP(canvas(0x10, 5, 3), riff("ICCP", profile), alphaWebP[30:], riff("EXIF", exif(8, binary.LittleEndian))))
	f.Add(losslessWebP)
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := Inspect(mended(data))
		if err != nil {
			return
		}
		if h.Width < 1 || h.Height < 1 || h.Orientation < 1 || h.Orientation > 8 || len(h.Notes) > 6 || len([]rune(h.Profile.Name)) > maxName {
			t.Errorf("%+v", h)
		}
		if w, height, err := Config(data); err != nil || w != h.Width || height != h.Height {
			t.Errorf("Inspect says %d by %d, Config %d by %d, %v", h.Width, h.Height, w, height, err)
		}
	})
}

// mended is data with its checksums right, if it is a PNG.
func mended(data []byte) []byte {
	if Sniff(data) != PNG {
		return data
	}
	for p, err := range pngChunks(data) {
		if err == nil {
			end := len(p.whole)
			binary.BigEndian.PutUint32(p.whole[end-4:], crc32.ChecksumIEEE(p.whole[4:end-4]))
		}
	}
	return data
}
