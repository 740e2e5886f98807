package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/plinth3d/plinth/textures"
)

// A target is where packed images go, and in which codec.
type target struct {
	file  string // of the one image, or
	dir   string // where all of them go
	codec textures.Codec
}

var (
	extensions = map[string]string{textures.PNG: ".png", textures.JPEG: ".jpg", textures.WebP: ".webp"}
	codecs     = map[string]textures.Codec{".png": textures.PNGCodec, ".jpg": textures.JPEGCodec, ".jpeg": textures.JPEGCodec, ".webp": textures.WebPCodec}
)

// target reads -o and --codec, which must fit.
func (o textureOptions) target() (target, error) {
	t := target{codec: textures.Codec(o.encode.codec)}
	extension := strings.ToLower(filepath.Ext(o.encode.out))
	named, known := codecs[extension]
	var err error
	switch folder := isFolder(o.encode.out); {
	case folder || len(o.files) > 1 && !known:
		t.dir = o.encode.out
		if t.codec == "" {
			t.codec = textures.AutoCodec
		}
		err = o.stems()
	case len(o.files) > 1:
		err = fmt.Errorf("-o %s is one file; several images take a folder", o.encode.out)
	case t.codec == textures.AutoCodec:
		err = fmt.Errorf("--codec auto chooses the extension, so -o takes a folder; end it with a slash: -o %s/", strings.TrimSuffix(o.encode.out, filepath.Ext(o.encode.out)))
	case !known:
		err = fmt.Errorf("-o %s has none of the extensions .png, .jpg, .jpeg, .webp; to name a folder, end it with a slash", o.encode.out)
	case t.codec != "" && strings.TrimSuffix(string(t.codec), "-lossless") != string(named):
		err = fmt.Errorf("-o %s doesn't fit --codec %s", o.encode.out, t.codec)
	default:
		t.file = o.encode.out
		if t.codec == "" {
			t.codec = named
		}
		err = o.reads(t.file)
	}
	if err == nil && o.given("quality") && !t.codec.Scaled() {
		err = fmt.Errorf("--quality is for the codecs jpeg and webp; %s has no such scale", t.codec)
	}
	if err != nil {
		return target{}, usageError{err}
	}
	return t, nil
}

// isFolder tells whether a path names a folder: by its end, or as one is there.
func isFolder(path string) bool {
	if strings.HasSuffix(path, "/") || strings.HasSuffix(path, string(filepath.Separator)) {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func stem(file string) string {
	return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
}

// stems is an error where two images would have the same name in a folder.
func (o textureOptions) stems() error {
	seen := map[string]string{}
	for _, f := range o.files {
		if other, taken := seen[stem(f)]; taken {
			return fmt.Errorf("%s and %s would both be written to %s", other, f, filepath.Join(o.encode.out, stem(f)))
		}
		seen[stem(f)] = f
	}
	return nil
}

// reads is an error where a file to be written is one that is read: it would be worse
// each time.
func (o textureOptions) reads(file string) error {
	to, err := os.Stat(file)
	if err != nil {
		return nil //nolint:nilerr // what isn't there is no source; what can't be written will say so
	}
	for _, f := range o.files {
		if from, err := os.Stat(f); err == nil && os.SameFile(from, to) {
			return fmt.Errorf("%s is an image that is read, and isn't replaced; write to another file or folder", f)
		}
	}
	return nil
}

// name is the file of an image that was packed.
func (t target) name(source string, c textures.Coded) string {
	if t.file != "" {
		return t.file
	}
	return filepath.Join(t.dir, stem(source)+extensions[c.MIME])
}
