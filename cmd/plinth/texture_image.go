package main

import (
	"fmt"
	"image"
	"strings"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/textures"
)

// readImage reads a PNG, JPEG or WebP file within the limits for models, and how many
// bytes it has. An image that stands alone is turned as its EXIF says; what else it says
// and nobody acts on is told.
func readImage(c console, file string, limits scene.Limits) (*image.NRGBA, int, error) {
	data, err := readSource(file, limits.Bytes)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", file, err)
	}
	img, err := textures.Decode(data, limits.Pixels)
	if err != nil {
		return nil, 0, unreadableImage(file, err)
	}
	head, err := textures.Inspect(data)
	if err != nil {
		return nil, 0, unreadableImage(file, err)
	}
	for _, n := range head.Notes {
		if n.Code != "orientation" {
			_, _ = fmt.Fprintf(c.err, "plinth: note: %s %s; %s\n", file, n.What, n.Do)
		}
	}
	return textures.Upright(img, head.Orientation), len(data), nil
}

func unreadableImage(file string, err error) error {
	return &scene.FormatError{Code: "image", Where: file, What: fmt.Sprintf("can't be read: %v", err), Do: "export it as PNG, JPEG or WebP"}
}

const channelLetters = "rgba"

// parseChannels reads a set of channels.
func parseChannels(text string) (set textures.Channels, err error) {
	for _, letter := range strings.ToLower(text) {
		i := strings.IndexRune(channelLetters, letter)
		if i < 0 || set&(1<<i) != 0 {
			return 0, fmt.Errorf("--channels is %q; it takes each letter of %s at most once", text, channelLetters)
		}
		set |= 1 << i
	}
	return set, nil
}

// channelNames writes a set of channels.
func channelNames(set textures.Channels) string {
	var b strings.Builder
	for i, letter := range channelLetters {
		if set&(1<<i) != 0 {
			b.WriteRune(letter)
		}
	}
	return b.String()
}

// use says which channels images have a use for: those that were named, or alpha only
// where there is any and the role can have it.
func (o textureOptions) use(images ...*image.NRGBA) textures.Use {
	u := textures.Use{Role: textures.Role(o.role), Used: textures.RGB}
	if named, err := parseChannels(o.channels); err == nil && named != 0 {
		u.Used = named
		return u
	}
	for _, img := range images {
		if (u.Role == textures.Color || u.Role == textures.Data) && textures.Analyse(img).Min[3] < 255 {
			u.Used |= textures.A
		}
	}
	return u
}
