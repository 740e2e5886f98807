package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/textures"
)

func TestTextureWritesWhatItIsAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		args string // "out" is where it goes
		file string
		mime string
		w, h int
		talk string // on stderr; "" is silence
	}{
		"a WebP by its extension":             {"wood.png -o out.webp --role color", "out.webp", textures.WebP, 60, 40, ""},
		"a JPEG by its extension":             {"wood.png -o out.jpeg --role color", "out.jpeg", textures.JPEG, 60, 40, ""},
		"an extension in capitals":            {"wood.png -o OUT.PNG --role emissive", "OUT.PNG", textures.PNG, 60, 40, ""},
		"a WebP without loss":                 {"wood.png -o out.webp --role color --codec webp-lossless", "out.webp", textures.WebP, 60, 40, ""},
		"a WebP that is read":                 {"flat.webp -o out.png --role data", "out.png", textures.PNG, 32, 24, ""},
		"a folder that isn't there":           {"wood.png -o deep/down/ --role color --codec jpeg", "deep/down/wood.jpg", textures.JPEG, 60, 40, ""},
		"a folder that is there":              {"bumps.png -o more --role normal --codec png", "more/bumps.png", textures.PNG, 64, 64, ""},
		"what packs best, in a folder":        {"wood.png -o out/ --role color", "out/wood.webp", textures.WebP, 60, 40, ""},
		"the smallest when asked":             {"wood.png -o out/ --role color --codec auto", "out/wood.webp", textures.WebP, 60, 40, ""},
		"a file in a folder that isn't there": {"wood.png -o new/out.png --role orm", "new/out.png", textures.PNG, 60, 40, ""},
		"an edge":                             {"wood.png -o out.png --role color --edge 30", "out.png", textures.PNG, 30, 20, ""},
		"an edge of 1":                        {"wood.png -o out.png --role data --edge 1 --wrap clamp", "out.png", textures.PNG, 1, 1, ""},
		"an edge that rounds":                 {"wood.png -o out.png --role data --edge 31 --wrap mirror", "out.png", textures.PNG, 31, 21, ""},
		"an edge above the source":            {"wood.png -o out.png --role data --edge 900", "out.png", textures.PNG, 60, 40, ""},
		"a strip made smaller":                {"strip.png -o out.webp --role data --channels rgb --edge 100", "out.webp", textures.WebP, 100, 1, ""},
		"a quality of WebP":                   {"leaf.png -o out.webp --role color --quality 100", "out.webp", textures.WebP, 60, 40, ""},
		"a quality of JPEG":                   {"wood.png -o out.jpg --role data --quality 1", "out.jpg", textures.JPEG, 60, 40, ""},
		"alpha left out for JPEG":             {"leaf.png -o out.jpg --role color --channels rgb", "out.jpg", textures.JPEG, 60, 40, ""},
		"a JPEG that EXIF turns":              {"photo.jpg -o out.png --role color", "out.png", textures.PNG, 40, 60, ""},
		"a profile is told":                   {"tagged.png -o out.png --role color", "out.png", textures.PNG, 60, 40, `note: tagged.png has the color profile "Wide Gamut", which is not sRGB; it is ignored; convert the image`},
		"16 bits are told":                    {"deep.png -o out.png --role data", "out.png", textures.PNG, 8, 8, "note: deep.png has 16 bits"},
		"a target that no file keeps":         {"wood.png -o out.jpg --role color --psnr 70", "out.jpg", textures.JPEG, 60, 40, "note: out.jpg misses the target with a PSNR of"},
		"one of the recipe":                   {"wood.png -o out.jpg --role color --recipe strict.json", "out.jpg", textures.JPEG, 60, 40, "dB, not 80"},
		"a detail that no file keeps":         {"wood.png -o out.jpg --role color --recipe fine.json", "out.jpg", textures.JPEG, 60, 40, "note: out.jpg misses the target with 0.9"},
		"one of normals":                      {"bumps.png -o out.jpg --role normal --angle 0.01", "out.jpg", textures.JPEG, 64, 64, "degrees, not 0.01; --codec webp-lossless and png lose nothing"},
		"normals that are none":               {"flat.webp -o out.jpg --role normal", "out.jpg", textures.JPEG, 32, 24, "note: flat.webp: no pixel is a normal; it is packed as data"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(sourceImages(t))
			code, out, talk := plinth(t, append([]string{"texture"}, strings.Fields(c.args)...)...)
			if code != exitOK || !strings.Contains(out, filepath.Base(c.file)) {
				t.Fatalf("exit %d: %s%s", code, out, talk)
			}
			if (c.talk == "") != (talk == "") || !strings.Contains(talk, c.talk) {
				t.Errorf("it says %q, want %q", talk, c.talk)
			}
			img, head := imageFile(t, c.file)
			if head.MIME != c.mime || img.Rect.Dx() != c.w || img.Rect.Dy() != c.h {
				t.Errorf("got %s of %v, want %s of %d by %d", head.MIME, img.Rect, c.mime, c.w, c.h)
			}
			if head.Orientation != 1 || head.Profile.Name != "" {
				t.Errorf("it has metadata: %+v", head)
			}
		})
	}
}

func TestTextureRefuses(t *testing.T) {
	t.Chdir(sourceImages(t))
	before := tree(t, ".")
	for name, c := range map[string]struct {
		args string
		code int
		says string
	}{
		"no role":                            {"wood.png -o out.png", exitUsage, "needs --role, one of color, normal"},
		"a role that is none":                {"wood.png -o out.png --role bump", exitUsage, `--role is "bump"`},
		"no image":                           {"-o out.png --role color", exitUsage, "one or more images"},
		"no extension":                       {"wood.png -o out --role color", exitUsage, "none of the extensions .png, .jpg, .jpeg, .webp; to name a folder, end it with a slash"},
		"an extension of something else":     {"wood.png -o out.gif --role color --codec png", exitUsage, "none of the extensions"},
		"an extension of another codec":      {"wood.png -o out.png --role color --codec webp-lossless", exitUsage, "-o out.png doesn't fit --codec webp-lossless"},
		"the smallest in a file":             {"wood.png -o out.png --role color --codec auto", exitUsage, "-o takes a folder; end it with a slash: -o out/"},
		"a codec that is none":               {"wood.png -o out.png --role color --codec bmp", exitUsage, `--codec is "bmp", none of jpeg, png, webp`},
		"several images in a file":           {"wood.png bumps.png -o out.png --role color", exitUsage, "several images take a folder"},
		"two of one name":                    {"wood.png more/wood.png -o out --role color", exitUsage, "wood.png and more/wood.png would both be written to out/wood"},
		"its own source":                     {"wood.png -o more/../wood.png --role color", exitUsage, "wood.png is an image that is read, and isn't replaced"},
		"its own source in a folder":         {"wood.png -o . --role color --codec png", exitUsage, "isn't replaced"},
		"a quality of PNG":                   {"wood.png -o out.png --role color --quality 80", exitUsage, "--quality is for the codecs jpeg and webp; png has no such scale"},
		"a quality of whatever is smallest":  {"wood.png -o out/ --role color --quality 80", exitUsage, "auto has no such scale"},
		"a quality of 0":                     {"wood.png -o out.jpg --role color --quality 0", exitUsage, "--quality 0 is not 1 to 100"},
		"a quality of 101":                   {"wood.png -o out.jpg --role color --quality 101", exitUsage, "--quality 101 is not 1 to 100"},
		"a quality that is no number":        {"wood.png -o out.jpg --role color --quality best", exitUsage, "best"},
		"a quality and a target":             {"wood.png -o out.jpg --role color --quality 80 --psnr 30", exitUsage, "give one of them"},
		"a target of 0":                      {"wood.png -o out.jpg --role color --psnr 0", exitUsage, "--psnr 0 is not above 0 dB"},
		"a target that is no number":         {"wood.png -o out.jpg --role color --psnr NaN", exitUsage, "--psnr NaN"},
		"an angle of colors":                 {"wood.png -o out.jpg --role color --angle 2", exitUsage, "--angle is for --role normal; color has --psnr"},
		"an angle of more than there is":     {"bumps.png -o out.jpg --role normal --angle 200", exitUsage, "at most 180 degrees"},
		"an edge of 0":                       {"wood.png -o out.jpg --role color --edge 0", exitUsage, "--edge 0 is not 1 or more"},
		"a way to go on that is none":        {"wood.png -o out.jpg --role color --wrap border", exitUsage, `--wrap is "border"`},
		"a cutoff of numbers":                {"leaf.png -o out.png --role data --cutoff 0.5", exitUsage, "--cutoff is for --role color and emissive"},
		"a cutoff above 1":                   {"leaf.png -o out.png --role color --cutoff 1.5", exitUsage, "--cutoff 1.5 is not above 0"},
		"a cutoff without alpha":             {"leaf.png -o out.png --role color --cutoff 0.5 --channels rgb", exitUsage, "--channels leave out"},
		"a cutoff of what is no opacity":     {"leaf.png -o out.png --role color --cutoff 0.5 --alpha=false", exitUsage, "--alpha=false"},
		"channels that are none":             {"wood.png -o out.png --role color --channels cmyk", exitUsage, "each letter of rgba"},
		"alpha in a JPEG":                    {"leaf.png -o out.jpg --role color", exitInput, "leaf.png has alpha, and JPEG has none; choose PNG or WebP, or leave alpha out with --channels rgb"},
		"more than a WebP has":               {"strip.png -o out.webp --role data --channels rgb", exitInput, "at most 16383 pixels along each axis, this one would have 16390 by 1; choose another codec, or make it smaller with --edge"},
		"a broken image":                     {"broken.png -o out.png --role color", exitInput, "broken.png can't be read"},
		"an image that isn't there":          {"nothing.png -o out.png --role color", exitInput, "nothing.png"},
		"a folder as image":                  {"more -o out.png --role color", exitInput, "it is a folder"},
		"a recipe that isn't there":          {"wood.png -o out.png --role color --recipe no.json", exitInput, "no.json"},
		"an image above the recipe's limits": {"wood.png -o out.png --role color --recipe tiny.json", exitInput, "60 by 40 pixels, the limit is 100"},
		"a file in place of a folder":        {"wood.png -o leaf.png/out.png --role color", exitUnavailable, "leaf.png"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, talk := plinth(t, append([]string{"texture"}, strings.Fields(c.args)...)...)
			if code != c.code || !strings.Contains(talk, c.says) || out != "" {
				t.Errorf("exit %d, want %d with %q: %s%s", code, c.code, c.says, out, talk)
			}
			if tree(t, ".") != before {
				t.Error("something is left, or gone")
			}
		})
	}
}
