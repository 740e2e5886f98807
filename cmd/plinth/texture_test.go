package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plainImage has one color.
func plainImage(w, h int, c color.NRGBA) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := 0; i < len(img.Pix); i += 4 {
		copy(img.Pix[i:], []uint8{c.R, c.G, c.B, c.A})
	}
	return img
}

// plainWebP is an image of one color as a lossless WebP file: a header, no transform, and
// five codes of one symbol each, so that pixels take no bits (RFC 9649, section 3).
func plainWebP(w, h int, c color.NRGBA) []byte {
	var bits []byte
	n := 0
	put := func(v, count int) {
		for i := range count {
			if n%8 == 0 {
				bits = append(bits, 0)
			}
			bits[n/8] |= uint8(v>>i&1) << (n % 8)
			n++
		}
	}
	put(0x2f, 8)
	put(w-1, 14)
	put(h-1, 14)
	put(1, 1) // alpha is in use
	put(0, 3) // version
	put(0, 3) // no transform, color cache or groups of codes
	for _, symbol := range []uint8{c.G, c.R, c.B, c.A, 0} {
		put(0b101, 3) // a simple code of one symbol of 8 bits
		put(int(symbol), 8)
	}
	if len(bits)%2 == 1 {
		bits = append(bits, 0)
	}
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(12+len(bits)))
	out = append(out, "WEBPVP8L"...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(bits))), bits...)
}

// imageFiles writes images to compare.
func imageFiles(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	encode := func(name string, img image.Image) {
		var b bytes.Buffer
		var err error
		if strings.HasSuffix(name, ".jpg") {
			err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 100})
		} else {
			err = png.Encode(&b, img)
		}
		if err != nil {
			t.Fatal(err)
		}
		write(name, b.Bytes())
	}
	teal := color.NRGBA{20, 120, 120, 255}
	encode("a.png", plainImage(32, 24, teal))
	encode("b.png", plainImage(32, 24, color.NRGBA{20, 120, 130, 255}))
	encode("a.jpg", plainImage(32, 24, color.NRGBA{120, 120, 120, 255}))
	encode("up.png", plainImage(32, 24, color.NRGBA{128, 128, 255, 255}))
	encode("clear.png", plainImage(32, 24, color.NRGBA{20, 120, 120, 0}))
	encode("small.png", plainImage(16, 16, teal))
	write("a.webp", plainWebP(32, 24, teal))
	write("model.png", []byte("glTF"))
	write("tiny.json", []byte(`{"limits": {"bytes": 40}}`))
	write("few.json", []byte(`{"limits": {"bytes": 100000, "pixels": 100}}`))
	return dir
}

func TestTextureCompare(t *testing.T) {
	t.Chdir(imageFiles(t))
	for name, c := range map[string]struct {
		args string
		code int
		says []string
	}{
		"numbers have the worst channel":         {"--compare a.png b.png --role orm", exitOK, []string{"32 by 24", "28.13 dB, of the worst channel", "red │ equal", "SSIM"}},
		"light has all channels and blocks":      {"--compare a.png b.png --role color", exitOK, []string{"32.90 dB, of all channels", "99 % within 2.50 codes"}},
		"normals have angles":                    {"--compare up.png up.png --role normal", exitOK, []string{"0.00 degrees, mean; 99 % within 0.00, all within 0.00", "100 % of the pixels are normals"}},
		"a WebP equals a PNG with its pixels":    {"--compare a.png a.webp --role emissive", exitOK, []string{"PSNR │ equal"}},
		"a JPEG is read":                         {"--compare a.jpg a.jpg --role data", exitOK, []string{"equal"}},
		"alpha is compared where it is":          {"--compare a.png clear.png --role color", exitOK, []string{"alpha │ 0.00 dB"}},
		"alpha is left out where no role has it": {"--compare a.png clear.png --role normal", exitOK, []string{"PSNR │ equal", "no pixel of the first image is a normal"}},
		"equal images are null in JSON":          {"--compare a.png a.png --role data --json", exitOK, []string{`"psnr":null`, `"ssim":1`}},
		"nothing to do":                          {"a.png b.png --role color", exitUsage, []string{"needs -o OUT, or --compare A B"}},
		"no role":                                {"--compare a.png b.png", exitUsage, []string{"needs --role, one of color, normal, orm, emissive, data"}},
		"a role that is none":                    {"--compare a.png b.png --role bump", exitUsage, []string{`--role is "bump", none of color`}},
		"one image":                              {"--compare a.png --role color", exitUsage, []string{"two images"}},
		"channels that are named are compared":   {"--compare a.png b.png --role orm --channels rg", exitOK, []string{"PSNR │ equal, of the worst channel"}},
		"alpha can be left out":                  {"--compare a.png clear.png --role color --channels rgb", exitOK, []string{"PSNR │ equal"}},
		"alpha alone can be compared":            {"--compare a.png clear.png --role data --channels a", exitOK, []string{"PSNR │ 0.00 dB", "alpha │ 0.00 dB"}},
		"channels that are none":                 {"--compare a.png b.png --role color --channels xyz", exitUsage, []string{`--channels is "xyz"; it takes each letter of rgba at most once`}},
		"a channel twice":                        {"--compare a.png b.png --role color --channels rr", exitUsage, []string{"at most once"}},
		"no channels":                            {"--compare a.png b.png --role color --channels=", exitUsage, []string{"--channels is empty"}},
		"half a normal":                          {"--compare up.png up.png --role normal --channels rg", exitUsage, []string{"a normal takes all of rgb; --role data takes any"}},
		"three images":                           {"--compare a.png b.png a.png --role color", exitUsage, []string{"wants two images, got 3"}},
		"a flag of packing":                      {"--compare a.png b.png --role color --quality 3", exitUsage, []string{"--compare writes no file, and takes no --quality"}},
		"images of two sizes":                    {"--compare a.png small.png --role color", exitInput, []string{"a.png and small.png", "32 by 24 and 16 by 16 pixels; resize one"}},
		"a file that is no image":                {"--compare a.png model.png --role color", exitInput, []string{"model.png can't be read", "neither PNG, JPEG nor WebP"}},
		"a file that is not there":               {"--compare a.png nothing.png --role color", exitInput, []string{"nothing.png"}},
		"a folder":                               {"--compare a.png . --role color", exitInput, []string{"it is a folder"}},
		"a file above the limit":                 {"--compare a.png b.png --role color --recipe tiny.json", exitInput, []string{"a.png", "the limit is 40"}},
		"more pixels than the limit":             {"--compare a.png b.png --role color --recipe few.json", exitInput, []string{"32 by 24 pixels, the limit is 100"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, talk := plinth(t, append([]string{"texture"}, strings.Fields(c.args)...)...)
			if code != c.code {
				t.Errorf("exit %d, want %d: %s%s", code, c.code, out, talk)
			}
			text := strings.Join(strings.Fields(out+talk), " ") // columns have any width
			for _, says := range c.says {
				if !strings.Contains(text, says) {
					t.Errorf("no %q in\n%s%s", says, out, talk)
				}
			}
			if (code == exitOK) != (talk == "") || (code == exitOK) != (out != "") {
				t.Errorf("stdout is %q, stderr %q", out, talk)
			}
		})
	}
}

func TestTextureCompareAsJSON(t *testing.T) {
	t.Chdir(imageFiles(t))
	_, out, talk := plinth(t, "texture", "--compare", "up.png", "b.png", "--role", "normal", "--json")
	var d struct {
		Role             string
		PSNR, SSIM       float64
		Channels         map[string]float64
		MeanAngle, Angle float64
		Normals          int
	}
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatalf("%v: %s%s", err, out, talk)
	}
	if d.Role != "normal" || d.PSNR <= 0 || d.SSIM >= 1 || len(d.Channels) != 3 || d.MeanAngle < 80 || d.Angle < d.MeanAngle || d.Normals != 32*24 {
		t.Errorf("got %s", out)
	}
}

func TestTextureCompletesRoles(t *testing.T) {
	_, out, _ := plinth(t, "__complete", "texture", "--compare", "--role", "")
	if !strings.HasPrefix(out, "color\nnormal\norm\nemissive\ndata\n") {
		t.Errorf("got %q", out)
	}
}
