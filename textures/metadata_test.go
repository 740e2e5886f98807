package textures

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"
)

// exif is a TIFF file with an orientation, behind another entry.
func exif(orientation uint16, order binary.AppendByteOrder) []byte {
	out := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		out = []byte("MM\x00*")
	}
	out = order.AppendUint16(order.AppendUint32(out, 8), 2)
	for _, e := range [2][2]uint16{{0x100, 700}, {0x112, orientation}} {
		out = order.AppendUint16(order.AppendUint16(out, e[0]), 3)
		out = append(order.AppendUint16(order.AppendUint32(out, 1), e[1]), 0, 0)
	}
	return order.AppendUint32(out, 0)
}

func exifJPEG(orientation uint16) []byte {
	return segment(0xe1, append([]byte("Exif\x00\x00"), exif(orientation, binary.LittleEndian)...))
}

var srgbPrimaries = [3][3]float64{{0.4361, 0.2225, 0.0139}, {0.3851, 0.7169, 0.0971}, {0.1431, 0.0606, 0.7139}}

func s15(v float64) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(int32(math.Round(v*65536))))
}

func srgbCurve() []byte {
	out := []byte("para\x00\x00\x00\x00\x00\x03\x00\x00")
	for _, v := range []float64{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045} {
		out = append(out, s15(v)...)
	}
	return out
}

// tableOf is a curve of n samples of f.
func tableOf(n int, f func(float64) float64) []byte {
	out := binary.BigEndian.AppendUint32([]byte("curv\x00\x00\x00\x00"), uint32(n))
	for i := range n {
		out = binary.BigEndian.AppendUint16(out, uint16(math.Round(65535*f(float64(i)/float64(n-1)))))
	}
	return out
}

func gammaCurve(g float64) []byte {
	return binary.BigEndian.AppendUint16([]byte("curv\x00\x00\x00\x00\x00\x00\x00\x01"), uint16(math.Round(256*g)))
}

// iccProfile is a profile of version 2.
func iccProfile(name string, primaries [3][3]float64, curve []byte) []byte {
	desc := binary.BigEndian.AppendUint32([]byte("desc\x00\x00\x00\x00"), uint32(len(name)+1))
	tags := map[string][]byte{"desc": append(append(desc, name...), 0), "rTRC": curve, "gTRC": curve, "bTRC": curve}
	for i, c := range "rgb" {
		tag := []byte("XYZ \x00\x00\x00\x00")
		for _, v := range primaries[i] {
			tag = append(tag, s15(v)...)
		}
		tags[string(c)+"XYZ"] = tag
	}
	return packedProfile("RGB ", tags)
}

func packedProfile(space string, tags map[string][]byte) []byte {
	out := make([]byte, 128)
	copy(out[16:], space)
	copy(out[36:], "acsp")
	out = binary.BigEndian.AppendUint32(out, uint32(len(tags)))
	var names []string
	for name := range tags {
		names = append(names, name)
	}
	slices.Sort(names)
	at := len(out) + 12*len(tags)
	var bodies []byte
	for _, name := range names {
		out = binary.BigEndian.AppendUint32(append(out, name...), uint32(at+len(bodies)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(tags[name])))
		bodies = append(bodies, tags[name]...)
	}
	out = append(out, bodies...)
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out
}

// iccJPEG is a profile in n segments, the last one first.
func iccJPEG(profile []byte, n int) (out [][]byte) {
	size := (len(profile) + n - 1) / n
	for i := range n {
		piece := profile[i*size : min((i+1)*size, len(profile))]
		body := append([]byte("ICC_PROFILE\x00"), byte(i+1), byte(n))
		out = append([][]byte{segment(0xe2, append(body, piece...))}, out...)
	}
	return out
}

func inspected(t *testing.T, data []byte) Header {
	t.Helper()
	h, err := Inspect(data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(data, 1<<20); err != nil {
		t.Fatal(err)
	}
	return h
}

func codes(h Header) string {
	var out []string
	for _, n := range h.Notes {
		out = append(out, n.Code)
	}
	return strings.Join(out, " ")
}

func TestOrientationIsFound(t *testing.T) {
	for want := 1; want <= 8; want++ {
		note := "orientation"
		if want == 1 {
			note = ""
		}
		for name, data := range map[string][]byte{
			"PNG":           with(samplePNG(t, smooth(3, 2)), chunk("eXIf", exif(uint16(want), binary.BigEndian))),
			"JPEG":          behindSOI(sampleJPEG(t, smooth(3, 2), 0, 1), exifJPEG(uint16(want))),
			"WebP":          rawWebP(canvas(0x18, 5, 3), alphaWebP[30:], riff("EXIF", exif(uint16(want), binary.LittleEndian))),
			"prefixed WebP": rawWebP(canvas(0x18, 5, 3), alphaWebP[30:], riff("EXIF", append([]byte("Exif\x00\x00"), exif(uint16(want), binary.LittleEndian)...))),
		} {
			if h := inspected(t, data); h.Orientation != want || codes(h) != note {
				t.Errorf("%s: got %d with notes %q, want %d with %q", name, h.Orientation, codes(h), want, note)
			}
		}
	}
}

func TestABrokenOrientationSaysNothing(t *testing.T) {
	good := exif(6, binary.BigEndian)
	cases := map[string][]byte{"nine": exif(9, binary.BigEndian), "zero": exif(0, binary.LittleEndian), "another format": []byte("GIF89a")}
	for n := range len(good) - 8 { // the last four are the next directory, two are padding
		cases["cut off after "+string(rune('0'+n))] = good[:n]
	}
	far := bytes.Clone(good)
	binary.BigEndian.PutUint32(far[4:], math.MaxUint32)
	cases["a directory beyond the end"] = far
	for name, data := range cases {
		if h := inspected(t, with(samplePNG(t, smooth(3, 2)), chunk("eXIf", data))); h.Orientation != 1 {
			t.Errorf("%s: got %d", name, h.Orientation)
		}
	}
}

// The letter F as it is stored for each orientation, by the rows of CIPA DC-008 4.6.4.
func TestUpright(t *testing.T) {
	want := "##.#..##.#..#.."
	stored := map[int]string{
		1: "##. #.. ##. #.. #..", 2: ".## ..# .## ..# ..#", 3: "..# ..# .## ..# .##", 4: "#.. #.. ##. #.. ##.",
		5: "##### #.#.. .....", 6: "..... #.#.. #####", 7: "..... ..#.# #####", 8: "##### ..#.# .....",
	}
	for orientation, picture := range stored {
		rows := strings.Fields(picture)
		img := fill(len(rows[0]), len(rows), func(x, y int) color.NRGBA { return color.NRGBA{rows[y][x], 1, 2, 3} })
		var got []byte
		out := Upright(img, orientation)
		for i := 0; i < len(out.Pix); i += 4 {
			got = append(got, out.Pix[i])
		}
		if string(got) != want || out.Rect.Dx() != 3 {
			t.Errorf("%d: got %q, %d wide", orientation, got, out.Rect.Dx())
		}
	}
	img := smooth(2, 2)
	if Upright(img, 0) != img || Upright(img, 9) != img {
		t.Error("what is no orientation turns the image")
	}
}

func TestProfiles(t *testing.T) {
	adobeRGB := [3][3]float64{{0.6097, 0.3111, 0.0195}, {0.2053, 0.6257, 0.0609}, {0.1492, 0.0632, 0.7446}}
	mluc := append([]byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS\x00\x00\x00\x0a\x00\x00\x00\x1c"), "\x00s\x00R\x00G\x00B\x002"...)
	for name, c := range map[string]struct {
		profile []byte
		want    Profile
	}{
		"what has sRGB's primaries and formula is sRGB":  {iccProfile("c2", srgbPrimaries, srgbCurve()), Profile{"c2", true}},
		"what has sRGB's curve as a table is sRGB":       {iccProfile("table", srgbPrimaries, tableOf(1024, Linear)), Profile{"table", true}},
		"a gamma of 2.2 isn't sRGB, whatever its name":   {iccProfile("sRGB", srgbPrimaries, gammaCurve(2.2)), Profile{"sRGB", false}},
		"other primaries aren't sRGB":                    {iccProfile("Adobe RGB (1998)", adobeRGB, gammaCurve(2.2)), Profile{"Adobe RGB (1998)", false}},
		"gray with sRGB's curve is sRGB":                 {packedProfile("GRAY", map[string][]byte{"kTRC": srgbCurve()}), Profile{"unnamed", true}},
		"gray with a dot gain isn't":                     {packedProfile("GRAY", map[string][]byte{"kTRC": gammaCurve(1.75)}), Profile{"unnamed", false}},
		"what works by tables counts by its name":        {packedProfile("RGB ", map[string][]byte{"desc": mluc, "A2B0": make([]byte, 40)}), Profile{"sRGB2", true}},
		"ink isn't sRGB":                                 {packedProfile("CMYK", map[string][]byte{"A2B0": make([]byte, 40)}), Profile{"unnamed", false}},
		"what is no profile isn't sRGB":                  {[]byte("no profile at all"), Profile{"unnamed", false}},
		"names are shortened and made fit to be printed": {iccProfile("a\x1b[31m"+strings.Repeat("x", 200), adobeRGB, gammaCurve(2)), Profile{"a?[31m" + strings.Repeat("x", 58), false}},
		"a curve of no numbers isn't sRGB":               {iccProfile("n", srgbPrimaries, append([]byte("para\x00\x00\x00\x00\x00\x03\x00\x00"), bytes.Repeat([]byte{0x80, 0, 0, 0}, 5)...)), Profile{"n", false}},
	} {
		t.Run(name, func(t *testing.T) {
			for kind, data := range map[string][]byte{
				"PNG":  with(samplePNG(t, smooth(3, 2)), chunk("iCCP", append([]byte("\x00\x00"), deflated(c.profile)...))),
				"JPEG": behindSOI(flatJPEG(100), iccJPEG(c.profile, 3)...),
				"WebP": rawWebP(canvas(0x30, 5, 3), riff("ICCP", c.profile), alphaWebP[30:]),
			} {
				h := inspected(t, data)
				if h.Profile != c.want || strings.Contains(codes(h), "profile") == c.want.SRGB {
					t.Errorf("%s: got %+v with notes %v, want %+v", kind, h.Profile, h.Notes, c.want)
				}
			}
		})
	}
}

func TestWhatPNGSaysOfColors(t *testing.T) {
	gamma := func(v uint32) []byte { return chunk("gAMA", binary.BigEndian.AppendUint32(nil, v)) }
	for name, c := range map[string]struct {
		chunks [][]byte
		want   string
	}{
		"sRGB's gamma is nothing to note":   {[][]byte{gamma(45455)}, ""},
		"another gamma is noted":            {[][]byte{gamma(100000)}, "gamma"},
		"no gamma at all is noted":          {[][]byte{gamma(0)}, "gamma"},
		"sRGB counts more than a gamma":     {[][]byte{gamma(100000), chunk("sRGB", []byte{0})}, ""},
		"sRGB by its code points is sRGB":   {[][]byte{gamma(100000), chunk("cICP", []byte{1, 13, 0, 1})}, ""},
		"the code points of HDR are noted":  {[][]byte{chunk("cICP", []byte{9, 16, 0, 1})}, "profile"},
		"a broken profile is a profile":     {[][]byte{chunk("iCCP", append([]byte("x\x00\x00"), deflated([]byte("x"))...))}, "profile"},
		"what isn't deflated is no profile": {[][]byte{chunk("iCCP", []byte("x\x00\x00not deflated"))}, ""},
		"animation is noted":                {[][]byte{chunk("acTL", make([]byte, 8))}, "animated"},
	} {
		if h := inspected(t, with(samplePNG(t, smooth(3, 2)), c.chunks...)); codes(h) != c.want {
			t.Errorf("%s: got %q, want %q", name, codes(h), c.want)
		}
	}
}

func TestInspectRefuses(t *testing.T) {
	flat := flatJPEG(1, 2, 3)
	frame := bytes.IndexByte(flat, 0xc0) // the first is the marker
	change := func(data []byte, at int, to byte) []byte {
		out := bytes.Clone(data)
		out[at] = to
		return out
	}
	for name, c := range map[string]struct {
		data []byte
		say  string
	}{
		"another format":                {[]byte("GIF89a............"), "neither"},
		"an arithmetic-coded JPEG":      {change(flat, frame, 0xc9), "baseline or progressive"},
		"a lossless JPEG":               {change(flat, frame, 0xc3), "SOF3"},
		"12 bits a sample":              {change(flat, frame+3, 12), "export it with 8"},
		"a height that comes later":     {change(flat, frame+5, 0), "height"},
		"two frames":                    {slices.Concat(flat[:len(flat)-2], segment(0xc0, []byte{8, 0, 8, 0, 8, 1, 1, 0x11, 0}), flat[len(flat)-2:]), "more than one frame"},
		"a JPEG without pixels":         {[]byte("\xff\xd8\xff\xd9"), "no pixels"},
		"an animated WebP":              {rawWebP(canvas(2, 5, 3), riff("ANIM", make([]byte, 6))), "export a still"},
		"a WebP that isn't its canvas":  {rawWebP(canvas(0x10, 6, 3), alphaWebP[30:]), "its header says 6 by 3"},
		"a WebP without pixels":         {rawWebP(canvas(0, 5, 3)), "no pixels"},
		"a PNG that starts with pixels": {rawPNG(idat([]byte{0, 1})), "not a header"},
		"a PNG with two headers":        {with(samplePNG(t, smooth(3, 2)), ihdr(3, 2, 8, 2, 0)), "more than one"},
		"a chunk that must be read":     {with(samplePNG(t, smooth(3, 2)), chunk("NEWc", nil)), "NEWc"},
		"a PNG of no width":             {rawPNG(ihdr(0, 1, 8, 0, 0)), "0 by 1"},
	} {
		if _, err := Inspect(c.data); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: got %v, want %q", name, err, c.say)
		}
	}
}
