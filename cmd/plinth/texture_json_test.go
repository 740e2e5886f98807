package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/textures"
)

// packed runs the command for JSON.
func packed(t *testing.T, args string) (all []packedImage) {
	t.Helper()
	code, out, talk := plinth(t, append([]string{"texture", "--json"}, strings.Fields(args)...)...)
	if code != exitOK {
		t.Fatalf("%s: exit %d: %s", args, code, talk)
	}
	for line := range strings.Lines(out) {
		var p packedImage
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, p)
	}
	return all
}

func TestTextureAsJSON(t *testing.T) {
	t.Chdir(sourceImages(t))
	t.Run("it has the manifest's names", func(t *testing.T) {
		_, out, _ := plinth(t, "texture", "--json", "bumps.png", "-o", "out.jpg", "--role", "normal", "--edge", "32", "--angle", "3")
		var got map[string]any
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat("out.jpg")
		if err != nil {
			t.Fatal(err)
		}
		source, err := os.Stat("bumps.png")
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]any{
			"file": "out.jpg", "role": "normal", "codec": "jpeg", "channels": "rgb", "kept": true, "bytes": float64(info.Size()), "sourceBytes": float64(source.Size()),
			"width": 32.0, "height": 32.0, "sourceWidth": 64.0, "sourceHeight": 64.0, "gpuBytes": float64(textures.GPUBytes(32, 32)),
		} {
			if got[name] != want {
				t.Errorf("%s is %v, want %v", name, got[name], want)
			}
		}
		if angle, mean := got["angle"].(float64), got["meanAngle"].(float64); angle > 3.05 || mean > angle || mean <= 0 || got["psnr"].(float64) < 20 || got["ssim"].(float64) > 1 || got["shift"] != nil {
			t.Errorf("got %s", out)
		}
	})
	t.Run("a quality has no target to keep", func(t *testing.T) {
		if p := packed(t, "wood.png -o out.jpg --role color --quality 30")[0]; p.Kept != nil || p.Shift == nil {
			t.Errorf("got %+v", p)
		}
	})
	t.Run("a target that is missed is told and no error", func(t *testing.T) {
		if p := packed(t, "wood.png -o out.jpg --role color --psnr 70")[0]; p.Kept == nil || *p.Kept || p.PSNR >= 70 {
			t.Errorf("got %+v", p)
		}
	})
	t.Run("what loses nothing has no PSNR", func(t *testing.T) {
		for _, args := range []string{"leaf.png -o out.png --role color", "leaf.png -o out.webp --codec webp-lossless --role color"} {
			if p := packed(t, args)[0]; p.PSNR != 0 || p.SSIM != 1 || !*p.Kept || p.Channels != "rgba" {
				t.Errorf("%s: got %+v", args, p)
			}
		}
	})
	t.Run("sizes are those of the image as EXIF turns it", func(t *testing.T) {
		if p := packed(t, "photo.jpg -o out.webp --role color --edge 30")[0]; p.SourceWidth != 40 || p.SourceHeight != 60 || p.Width != 20 || p.Height != 30 {
			t.Errorf("got %+v", p)
		}
	})
	t.Run("a looser target takes fewer bytes", func(t *testing.T) {
		usual := packed(t, "wood.png -o out.jpg --role color")[0].Bytes
		for _, loose := range []string{"--psnr 25", "--recipe loose.json"} {
			if got := packed(t, "wood.png -o out.jpg --role color "+loose)[0].Bytes; got >= usual {
				t.Errorf("%s: %d bytes, %d without", loose, got, usual)
			}
		}
	})
	t.Run("channels that aren't used cost less", func(t *testing.T) {
		if all, one := packed(t, "wood.png -o out.jpg --role orm")[0], packed(t, "wood.png -o out.jpg --role orm --channels g")[0]; one.Bytes >= all.Bytes || one.Channels != "g" {
			t.Errorf("one takes %d bytes, all %d", one.Bytes, all.Bytes)
		}
	})
}

func TestTextureCompareSaysWhatPackingSaid(t *testing.T) {
	t.Chdir(sourceImages(t))
	for _, c := range []struct{ in, out, flags, compared string }{
		{"wood.png", "c.jpg", "--role color", ""},
		{"wood.png", "c.webp", "--role color --quality 20", ""},
		{"leaf.png", "a.webp", "--role color --quality 50", ""},
		{"leaf.png", "b.jpg", "--role color --quality 50", "--channels rgb"},
		{"photo.jpg", "e.jpg", "--role emissive --quality 70", ""},
		{"bumps.png", "n.jpg", "--role normal", ""},
		{"bumps.png", "n.webp", "--role normal --quality 80", ""},
		{"wood.png", "o.jpg", "--role orm", "--channels gb"},
		{"leaf.png", "d.webp", "--role data --quality 30", ""},
	} {
		t.Run(fmt.Sprint(c.in, " ", c.out, " ", c.flags), func(t *testing.T) {
			p := packed(t, fmt.Sprintf("%s -o %s %s %s", c.in, c.out, c.flags, c.compared))[0]
			args := append([]string{"texture", "--compare", c.in, c.out, "--role", p.Role, "--json"}, strings.Fields(c.compared)...)
			_, out, talk := plinth(t, args...)
			var d struct {
				PSNR, SSIM, MeanAngle, Angle, Shift, Detail float64
				Channels                                    map[string]any
			}
			if err := json.Unmarshal([]byte(out), &d); err != nil {
				t.Fatalf("%v: %s%s", err, out, talk)
			}
			shift, detail := 0.0, 0.0
			if p.Shift != nil && p.Detail != nil {
				shift, detail = *p.Shift, *p.Detail
			}
			if light := textures.Role(p.Role).Light(); d.Detail != detail || light != (detail > 0) {
				t.Errorf("packing said %g of the detail is kept, --compare %s", detail, out)
			}
			if math.Abs(d.PSNR-p.PSNR) > 0.006 || d.SSIM != p.SSIM || d.Angle != p.Angle || math.Abs(d.MeanAngle-p.MeanAngle) > 0.006 || math.Abs(d.Shift-shift) > 0.001 || len(d.Channels) != len(p.Channels) {
				t.Errorf("packing said %+v, --compare %s", p, out)
			}
		})
	}
}
