package textures

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"slices"
	"testing"
)

func decoded(t *testing.T, data []byte) *image.NRGBA {
	t.Helper()
	img, err := Decode(data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestEveryKindOfPNG(t *testing.T) {
	gray := func(v, a uint8) color.NRGBA { return color.NRGBA{v, v, v, a} }
	palette := chunk("PLTE", []byte{10, 20, 30, 40, 50, 60, 70, 80, 90, 1, 2, 3})
	alphas := chunk("tRNS", []byte{255, 7, 0}) // the color of what can't be seen stays
	colors := []color.NRGBA{{10, 20, 30, 255}, {40, 50, 60, 7}, {70, 80, 90, 0}, {1, 2, 3, 255}}
	for name, c := range map[string]struct {
		depth, color byte
		extra        [][]byte
		row          []byte // of two pixels
		want         [2]color.NRGBA
	}{
		"gray of 1 bit":                    {1, 0, nil, []byte{0b01000000}, [2]color.NRGBA{gray(0, 255), gray(255, 255)}},
		"gray of 2 bits":                   {2, 0, nil, []byte{0b01100000}, [2]color.NRGBA{gray(85, 255), gray(170, 255)}},
		"gray of 4 bits":                   {4, 0, nil, []byte{0x1e}, [2]color.NRGBA{gray(17, 255), gray(238, 255)}},
		"gray of 8 bits":                   {8, 0, nil, []byte{3, 200}, [2]color.NRGBA{gray(3, 255), gray(200, 255)}},
		"gray of 16 bits, rounded":         {16, 0, nil, []byte{0x01, 0xff, 0x7f, 0xff}, [2]color.NRGBA{gray(2, 255), gray(127, 255)}},
		"gray of 1 bit and a hole":         {1, 0, [][]byte{chunk("tRNS", []byte{0, 1})}, []byte{0b01000000}, [2]color.NRGBA{gray(0, 255), gray(255, 0)}},
		"gray of 8 bits and a hole":        {8, 0, [][]byte{chunk("tRNS", []byte{0, 3})}, []byte{3, 200}, [2]color.NRGBA{gray(3, 0), gray(200, 255)}},
		"gray of 16 bits and a hole":       {16, 0, [][]byte{chunk("tRNS", []byte{1, 0xff})}, []byte{0x01, 0xff, 0x01, 0xfe}, [2]color.NRGBA{gray(2, 0), gray(2, 255)}},
		"RGB of 8 bits":                    {8, 2, nil, []byte{1, 2, 3, 4, 5, 6}, [2]color.NRGBA{{1, 2, 3, 255}, {4, 5, 6, 255}}},
		"RGB of 8 bits and a hole":         {8, 2, [][]byte{chunk("tRNS", []byte{0, 4, 0, 5, 0, 6})}, []byte{1, 2, 3, 4, 5, 6}, [2]color.NRGBA{{1, 2, 3, 255}, {4, 5, 6, 0}}},
		"RGB of 16 bits, rounded":          {16, 2, nil, []byte{0, 0x80, 0, 0x81, 0x80, 0x80, 255, 255, 254, 0, 253, 253}, [2]color.NRGBA{{0, 1, 128, 255}, {255, 253, 253, 255}}},
		"a palette of 1 bit":               {1, 3, [][]byte{chunk("PLTE", []byte{10, 20, 30, 40, 50, 60})}, []byte{0b01000000}, [2]color.NRGBA{colors[0], {40, 50, 60, 255}}},
		"a palette of 2 bits with alpha":   {2, 3, [][]byte{palette, alphas}, []byte{0b01100000}, [2]color.NRGBA{colors[1], colors[2]}},
		"a palette of 4 bits with alpha":   {4, 3, [][]byte{palette, alphas}, []byte{0x31}, [2]color.NRGBA{colors[3], colors[1]}},
		"a palette of 8 bits with alpha":   {8, 3, [][]byte{palette, alphas}, []byte{2, 0}, [2]color.NRGBA{colors[2], colors[0]}},
		"a color beyond the palette":       {8, 3, [][]byte{palette}, []byte{0, 9}, [2]color.NRGBA{colors[0], {0, 0, 0, 255}}},
		"gray with alpha of 8 bits":        {8, 4, nil, []byte{9, 0, 200, 77}, [2]color.NRGBA{gray(9, 0), gray(200, 77)}},
		"gray with alpha of 16 bits":       {16, 4, nil, []byte{1, 0xff, 0, 0x80, 200, 200, 0, 0x81}, [2]color.NRGBA{gray(2, 0), gray(200, 1)}},
		"RGB with alpha of 8 bits":         {8, 6, nil, []byte{1, 2, 3, 0, 5, 6, 7, 8}, [2]color.NRGBA{{1, 2, 3, 0}, {5, 6, 7, 8}}},
		"RGB with alpha of 16 bits, round": {16, 6, nil, []byte{0, 0xff, 1, 0xff, 255, 255, 0x7f, 255, 0, 0, 0, 0, 9, 9, 0, 0}, [2]color.NRGBA{{1, 2, 255, 127}, {0, 0, 9, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			row := append([]byte{0}, c.row...)
			flat := decoded(t, rawPNG(append(append([][]byte{ihdr(2, 2, c.depth, c.color, 0)}, c.extra...), idat(row, row))...))
			// Adam7 of 2 by 2 pixels: the first pixel, the second, the second row.
			pixel := func(i int) []byte {
				if bits := len(c.row) * 8 / 2; c.depth >= 8 {
					return c.row[i*bits/8 : (i+1)*bits/8]
				}
				return []byte{c.row[0] << (i * int(c.depth))}
			}
			laced := decoded(t, rawPNG(append(append([][]byte{ihdr(2, 2, c.depth, c.color, 1)}, c.extra...),
				idat(append([]byte{0}, pixel(0)...), append([]byte{0}, pixel(1)...), row))...))
			for _, img := range []*image.NRGBA{flat, laced} {
				for i := range 4 {
					if got := img.NRGBAAt(i%2, i/2); got != c.want[i%2] {
						t.Errorf("pixel %d is %v, want %v", i, got, c.want[i%2])
					}
				}
			}
		})
	}
}

func TestSixteenBitsAreNoted(t *testing.T) {
	h := inspected(t, samplePNG(t, image.NewNRGBA64(image.Rect(0, 0, 2, 2))))
	if codes(h) != "depth" {
		t.Errorf("got %+v", h)
	}
}

func TestEveryKindOfJPEG(t *testing.T) {
	near := func(name string, data []byte, want color.NRGBA) {
		t.Helper()
		if got := decoded(t, data).NRGBAAt(3, 5); difference(got, want) > 1 {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	near("gray", flatJPEG(77), color.NRGBA{77, 77, 77, 255})
	r, g, b := color.YCbCrToRGB(100, 90, 180)
	near("luma and chroma", flatJPEG(100, 90, 180), color.NRGBA{r, g, b, 255})
	near("RGB", behindSOI(flatJPEG(100, 90, 180), adobe(0)), color.NRGBA{100, 90, 180, 255})
	// Adobe stores inks inverted: 255 is none.
	near("four inks, none of them", behindSOI(flatJPEG(255, 255, 255, 255), adobe(0)), color.NRGBA{255, 255, 255, 255})
	near("four inks, cyan only", behindSOI(flatJPEG(0, 255, 255, 255), adobe(0)), color.NRGBA{0, 255, 255, 255})
	near("four inks, half black", behindSOI(flatJPEG(200, 100, 255, 128), adobe(0)), color.NRGBA{100, 50, 128, 255})
	// What luma and chroma stand for is inverted once more, so that black is white.
	near("four inks as luma, chroma and black", behindSOI(flatJPEG(100, 90, 180, 255), adobe(2)), color.NRGBA{255 - r, 255 - g, 255 - b, 255})
	near("the same half black", behindSOI(flatJPEG(0, 128, 128, 128), adobe(2)), color.NRGBA{128, 128, 128, 255})
	if h := inspected(t, behindSOI(flatJPEG(1, 2, 3, 4), adobe(0))); codes(h) != "ink" {
		t.Errorf("four inks are noted as %q", codes(h))
	}
	if _, err := Decode(flatJPEG(1, 2, 3, 4), 64); err == nil {
		t.Error("four inks of an unknown kind are read")
	}
}

func TestProgressiveIsTheSameImage(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio440} {
		t.Run(fmt.Sprint(ratio), func(t *testing.T) {
			img := smooth(61, 43)
			plain := decoded(t, sampleJPEG(t, img, ratio, 0))
			if !bytes.Equal(plain.Pix, decoded(t, sampleJPEG(t, img, ratio, 2)).Pix) {
				t.Error("the pixels differ")
			}
			if got := PSNR(img, plain, Use{Color, RGB, Quality{}}); got < 35 {
				t.Errorf("it is %g dB from what was encoded", got)
			}
		})
	}
}

// Chroma that was averaged over four pixels comes back nearer to what it was.
func TestInterpolatedChromaIsNearerToTheSource(t *testing.T) {
	img := smooth(256, 256)
	file := sampleJPEG(t, img, image.YCbCrSubsampleRatio420, 0)
	std, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	repeated := image.NewNRGBA(img.Rect)
	draw.Draw(repeated, img.Rect, std, image.Point{}, draw.Src)
	u := Use{Color, RGB, Quality{}}
	ours, theirs := PSNR(img, decoded(t, file), u), PSNR(img, repeated, u)
	if ours < theirs+1 {
		t.Errorf("%.2f dB interpolated, %.2f dB repeated", ours, theirs)
	}
}

func TestEveryKindOfWebP(t *testing.T) {
	if got := decoded(t, losslessWebP); !slices.Equal(got.Pix[:4*5], []byte{255, 0, 0, 0, 255, 3, 0, 9, 255, 6, 0, 18, 255, 9, 0, 27, 255, 12, 0, 36}) {
		t.Errorf("lossless: got %v", got.Pix[:4*5])
	}
	lossy, alpha := decoded(t, lossyWebP), decoded(t, alphaWebP)
	noFlag := decoded(t, rawWebP(canvas(0, 5, 3), alphaWebP[30:]))
	flagOnly := decoded(t, rawWebP(canvas(0x10, 5, 3), lossyWebP[12:]))
	for i, v := range lossy.Pix {
		want := v
		if i%4 == 3 {
			want = uint8(i/4%5*9 + i/4/5*5)
		}
		if alpha.Pix[i] != want || noFlag.Pix[i] != want || flagOnly.Pix[i] != v {
			t.Fatalf("byte %d: got %d with alpha, %d without the flag, want %d; %d with only the flag, want %d", i, alpha.Pix[i], noFlag.Pix[i], want, flagOnly.Pix[i], v)
		}
	}
}
