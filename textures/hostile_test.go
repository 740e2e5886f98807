package textures

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"image"
	"runtime"
	"slices"
	"testing"
)

// spent is what f allocates in all, in bytes.
func spent(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// zeros is that many megabytes of them, deflated, without an end.
func zeros(t *testing.T, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return append([]byte{0x78, 0x9c}, bytes.Repeat(out.Bytes(), n)...)
}

func TestHostileImagesCostLittle(t *testing.T) {
	small := samplePNG(t, smooth(64, 64))
	photo := sampleJPEG(t, smooth(64, 64), image.YCbCrSubsampleRatio420, 2)
	frame := bytes.Index(photo, []byte{0xff, 0xc2}) + 5
	profile := chunk("iCCP", append([]byte("x\x00\x00"), zeros(t, 64)...))
	dc := segment(sos, []byte{3, 1, 0, 2, 0, 3, 0, 0, 0, 0})
	resized := func(data []byte, at int, v uint16) []byte {
		out := bytes.Clone(data)
		binary.BigEndian.PutUint16(out[at:], v)
		return out
	}
	const mega = 1 << 20
	for name, c := range map[string]struct {
		data []byte
		fine bool   // it can be read
		most uint64 // bytes that reading it may allocate
	}{
		"a header of 30000 by 30000 pixels":                        {rawPNG(ihdr(30000, 30000, 8, 6, 0), idat(make([]byte, 100))), false, mega / 16},
		"a header of the most pixels there are":                    {rawPNG(ihdr(1<<31-1, 1<<31-1, 16, 6, 1), idat(make([]byte, 100))), false, mega / 16},
		"a header with more rows than pixels":                      {rawPNG(ihdr(64, 65, 8, 2, 0), small[8+25:len(small)-12]), false, mega / 4},
		"a header with fewer rows than pixels":                     {rawPNG(ihdr(64, 63, 8, 2, 0), small[8+25:len(small)-12]), false, mega / 4},
		"pixels of 4 MB that inflate to 4 GB":                      {rawPNG(ihdr(64, 64, 8, 2, 0), chunk("IDAT", zeros(t, 4<<10))), false, mega / 4},
		"a profile that inflates to 64 MB":                         {with(small, profile), true, 40 * mega},
		"hundreds of them":                                         {with(small, slices.Repeat(profile, 300)), true, 40 * mega},
		"a million comments":                                       {with(small, slices.Repeat(chunk("tEXt", []byte("a\x00b")), 1e6)), true, mega},
		"a million empty pieces of pixels":                         {with(small, slices.Repeat(chunk("IDAT", nil), 1e6)), true, mega},
		"a million animations":                                     {with(small, slices.Repeat(chunk("acTL", nil), 1e6)), true, mega},
		"a JPEG of 65535 by 65535 pixels":                          {resized(resized(photo, frame, 65535), frame+2, 65535), false, mega / 16},
		"a JPEG with more rows than pixels":                        {resized(photo, frame, 200), false, mega},
		"a million comments in a JPEG":                             {behindSOI(photo, slices.Repeat(segment(0xfe, nil), 1e6)), true, mega},
		"a thousand scans":                                         {slices.Concat(photo[:len(photo)-2], slices.Repeat(dc, 1000), photo[len(photo)-2:]), false, mega / 16},
		"a frame whose length is a lie":                            {resized(photo, frame-3, 65000), false, mega / 16},
		"a WebP whose header says 16384 by 16384":                  {rawWebP(canvas(0x10, 1<<14, 1<<14), alphaWebP[30:]), false, mega / 16},
		"a WebP whose image says 16383 by 16383":                   {rawWebP(riff("VP8 ", append(bytes.Clone(lossyWebP[20:26]), 0xff, 0x3f, 0xff, 0x3f, 0, 0, 0, 0))), false, mega / 16},
		"a WebP whose chunk says 4 GB":                             {slices.Concat(lossyWebP[:16], []byte{0xff, 0xff, 0xff, 0xff}, lossyWebP[20:]), false, mega / 16},
		"a WebP that says 4 GB":                                    {slices.Concat(lossyWebP[:4], []byte{0xff, 0xff, 0xff, 0xff}, lossyWebP[8:]), false, mega / 16},
		"a million unknown chunks in a WebP":                       {rawWebP(canvas(0x10, 5, 3), slices.Repeat(riff("junk", nil), 1e6), alphaWebP[30:]), true, mega},
		"an animated WebP":                                         {rawWebP(canvas(0x02, 5, 3), riff("ANIM", make([]byte, 6)), riff("ANMF", append(make([]byte, 16), lossyWebP[12:]...))), false, mega / 16},
		"a lossless WebP of 16384 by 16384 with a coded few bytes": {rawWebP(riff("VP8L", []byte{0x2f, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0})), false, mega / 16},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			got := spent(func() { _, err = Decode(c.data, 1<<14) })
			if c.fine && err != nil || !c.fine && !errors.Is(err, ErrFormat) {
				t.Errorf("got %v", err)
			}
			if got > c.most {
				t.Errorf("it takes %d bytes, the most allowed is %d", got, c.most)
			}
			if got = spent(func() { _, err = Inspect(c.data) }); got > c.most {
				t.Errorf("inspecting takes %d bytes, the most allowed is %d", got, c.most)
			}
			if got = spent(func() { _, _, err = Config(c.data) }); got > mega/16 {
				t.Errorf("reading the size takes %d bytes", got)
			}
		})
	}
}

func TestWhatIsCutOffIsAnError(t *testing.T) {
	for name, data := range map[string][]byte{
		"PNG":              samplePNG(t, smooth(20, 20)),
		"a baseline JPEG":  sampleJPEG(t, smooth(20, 20), image.YCbCrSubsampleRatio420, 0),
		"progressive JPEG": sampleJPEG(t, smooth(20, 20), image.YCbCrSubsampleRatio444, 2),
		"lossy WebP":       lossyWebP[:len(lossyWebP)-1], // the last byte is padding
		"WebP with alpha":  alphaWebP[:len(alphaWebP)-1],
		"lossless WebP":    losslessWebP,
	} {
		for n := range data {
			if _, err := Decode(data[:n], 1<<20); !errors.Is(err, ErrFormat) {
				t.Fatalf("%s cut off after %d of %d bytes: got %v", name, n, len(data), err)
			}
		}
	}
}

// The figures are the package comment's.
func TestMemoryAPixel(t *testing.T) {
	const side = 512
	deep := image.NewNRGBA64(image.Rect(0, 0, side, side))
	for name, c := range map[string]struct {
		data []byte
		most float64
	}{
		"a progressive JPEG of three colors": {sampleJPEG(t, smooth(side, side), image.YCbCrSubsampleRatio444, 2), 19},
		"a baseline JPEG":                    {sampleJPEG(t, smooth(side, side), image.YCbCrSubsampleRatio444, 0), 7},
		"a PNG of 16 bits":                   {samplePNG(t, deep), 12},
		"a PNG of 8 bits":                    {samplePNG(t, noise(side, side)), 4},
	} {
		got := spent(func() { decoded(t, c.data) }) - 1<<17 // buffers of any size of image
		if a := float64(got) / (side * side); a > c.most {
			t.Errorf("%s takes %.1f bytes a pixel, want at most %g", name, a, c.most)
		}
	}
}
