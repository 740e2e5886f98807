package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/textures"
)

func TestTextureTurnsAsEXIFSays(t *testing.T) {
	t.Chdir(sourceImages(t))
	for orientation := byte(1); orientation <= 8; orientation++ {
		if err := os.WriteFile("turned.jpg", turned(t, wavy(60, 40, false), orientation), 0o644); err != nil {
			t.Fatal(err)
		}
		packed(t, "turned.jpg -o out.png --role color")
		got, _ := imageFile(t, "out.png")
		stored, head := imageFile(t, "turned.jpg")
		if want := textures.Upright(stored, int(orientation)); head.Orientation != int(orientation) || got.Rect != want.Rect || !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("orientation %d: the image isn't turned right", orientation)
		}
	}
}

func TestTextureOfSeveralImages(t *testing.T) {
	t.Chdir(sourceImages(t))
	t.Run("each gets a file in the codec that is smallest", func(t *testing.T) {
		all := packed(t, "wood.png leaf.png flat.webp -o out --role color")
		if len(all) != 3 {
			t.Fatalf("got %d lines", len(all))
		}
		for i, name := range []string{"wood", "leaf", "flat"} {
			if all[i].File != filepath.Join("out", name+".webp") {
				t.Errorf("%s is %s", name, all[i].File)
			}
			if info, err := os.Stat(all[i].File); err != nil || info.Size() != all[i].Bytes {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("a bad one among good ones is told at the end", func(t *testing.T) {
		code, out, talk := plinth(t, strings.Fields("texture broken.png wood.png nothing.png -o good --role orm")...)
		if code != exitInput || !strings.Contains(talk, "broken.png") || !strings.Contains(talk, "nothing.png") || !strings.Contains(out, "wood.") {
			t.Errorf("exit %d: %s%s", code, out, talk)
		}
		if left, err := os.ReadDir("good"); err != nil || len(left) != 1 {
			t.Errorf("%v is there, %v", left, err)
		}
	})
	t.Run("what is there is replaced whole, and nothing else is left", func(t *testing.T) {
		for range 2 {
			packed(t, "wood.png leaf.png -o twice --role data --codec png")
		}
		var names []string
		err := filepath.WalkDir("twice", func(path string, d fs.DirEntry, err error) error {
			names = append(names, filepath.ToSlash(path))
			return err
		})
		if want := []string{"twice", "twice/leaf.png", "twice/wood.png"}; err != nil || !slices.Equal(names, want) {
			t.Errorf("got %v, want %v; %v", names, want, err)
		}
	})
}

func TestTextureMakesTheSameBytesWithAnyNumberOfProcessors(t *testing.T) {
	t.Chdir(sourceImages(t))
	files := func(n int) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		packed(t, "wood.png leaf.png -o out --role color --edge 33")
		return tree(t, "out")
	}
	if files(1) != files(4) {
		t.Error("the files differ")
	}
}

func TestTextureCompletesFlags(t *testing.T) {
	for flag, want := range map[string]string{
		"--codec": "jpeg\npng\nwebp\nwebp-lossless\nauto\n", "--wrap": "repeat\nmirror\nclamp\n", "--channels": "rgb\nrgba\n",
	} {
		if _, out, _ := plinth(t, "__complete", "texture", flag, ""); !strings.HasPrefix(out, want) {
			t.Errorf("%s: got %q", flag, out)
		}
	}
	if _, out, _ := plinth(t, "__complete", "texture", ""); !strings.HasPrefix(out, "png\njpg\njpeg\nwebp\n") {
		t.Errorf("files: got %q", out)
	}
}

func TestTextureHelpNamesItsFlags(t *testing.T) {
	code, out, _ := plinth(t, "texture", "--help")
	for _, says := range append(encodeFlags(), "Examples:", "plinth texture wood.png -o wood.webp --role color", "compare", "channels", "json") {
		if code != exitOK || !strings.Contains(out, says) {
			t.Errorf("exit %d, and no %q", code, says)
		}
	}
}
