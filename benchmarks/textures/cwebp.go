package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// besideCWebP packs the images of the web form with cwebp at the same settings: every image at
// three qualities, and what the form has without loss.
func besideCWebP(ctx context.Context, b *bench) error {
	if missing("cwebp", "webp") {
		return nil
	}
	type row struct {
		name          string
		images, equal int
		ours, theirs  int64
	}
	rows := []row{{name: "-q 50"}, {name: "-q 75"}, {name: "-q 90"}, {name: "-lossless -exact -q 100"}}
	qualities := []int{50, 75, 90}
	beside := func(k int, ours []byte, args ...string) error {
		theirs, err := b.cwebp(ctx, args...)
		if err != nil {
			return err
		}
		r := &rows[k]
		r.images, r.ours, r.theirs = r.images+1, r.ours+int64(len(ours)), r.theirs+int64(len(theirs))
		if bytes.Equal(ours, theirs) {
			r.equal++
		}
		return nil
	}
	err := b.each(ctx, asset.Web, func(_ *product, x *shown) error {
		img := x.wanted()
		if err := writePNG(b.at("image.png"), img); err != nil {
			return err
		}
		for k, q := range qualities {
			ours, err := textures.EncodeWebP(img, q)
			if err != nil {
				return err
			}
			if err := beside(k, ours, "-q", fmt.Sprint(q)); err != nil {
				return err
			}
		}
		if x.asItCame() || !losslessWebP(x.data) {
			return nil
		}
		coded, err := textures.Decode(x.data, b.recipe.Limits.Pixels) // what nothing reads has other values
		if err != nil {
			return err
		}
		if err := writePNG(b.at("image.png"), coded); err != nil {
			return err
		}
		return beside(len(qualities), x.data, "-lossless", "-exact", "-q", "100")
	})
	if err != nil {
		return err
	}
	version, err := exec.CommandContext(ctx, "cwebp", "-version").Output()
	if err != nil {
		return err
	}
	fmt.Printf("WebP bytes beside `cwebp` %s at the same settings, images of level %d:\n\n", bytes.Fields(version)[0], b.level)
	fmt.Println("| settings | images | equal files | ours, bytes | cwebp, bytes |")
	fmt.Println("|---|---:|---:|---:|---:|")
	for _, r := range rows {
		fmt.Printf("| `%s` | %d | %d | %d | %d |\n", r.name, r.images, r.equal, r.ours, r.theirs)
	}
	fmt.Println()
	return nil
}

// cwebp packs image.png.
func (b *bench) cwebp(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "cwebp", append(args, "-quiet", b.at("image.png"), "-o", b.at("image.webp"))...)
	if _, err := process(cmd); err != nil {
		return nil, err
	}
	return os.ReadFile(b.at("image.webp"))
}

// losslessWebP tells whether a file is a WebP whose first chunk of pixels is lossless.
func losslessWebP(data []byte) bool {
	return textures.Sniff(data) == textures.WebP && len(data) > 16 && string(data[12:16]) == "VP8L"
}
