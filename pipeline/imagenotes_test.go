package pipeline_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// turned is a PNG of 16 bits a channel that asks to be turned.
func turned(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	img := image.NewNRGBA64(image.Rect(0, 0, 4, 4))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 37)
	}
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	exif := []byte("eXIfMM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(exif)-4)), exif...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(exif))
	const head = 8 + 25
	return slices.Concat(file.Bytes()[:head], chunk, file.Bytes()[head:])
}

func TestWhatImagesSayIsTold(t *testing.T) {
	src := changed(t, "flag", func(s *scene.Scene) {
		other := turned(t)
		other[len(other)-13]++ // in the checksum of the pixels: not looked at without decoding
		s.Images = []scene.Image{{Data: turned(t), MIME: "image/png"}, {Data: other, MIME: "image/png"}}
		for i := range s.Textures {
			s.Textures[i].Source = i % 2
		}
		if len(s.Textures) < 2 {
			s.Textures = append(s.Textures, scene.Texture{Source: 1, Sampler: scene.None})
		}
	})
	m, err := pipeline.Examine(src, pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range m.Findings {
		if f.Code == "orientation" || f.Code == "depth" {
			got = append(got, f.Code+" "+f.Where)
			if f.Severity != string(scene.Note) || !strings.Contains(f.What, "so it is with 1 more") || f.Do == "" {
				t.Errorf("got %+v", f)
			}
		}
	}
	if want := []string{"depth images[0]", "orientation images[0]"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNotesOfImagesAreInTheManifest(t *testing.T) {
	src := changed(t, "flag", func(s *scene.Scene) { s.Images[0].Data, s.Images[0].MIME = turned(t), "image/png" })
	r := process(t, src)
	if !slices.ContainsFunc(r.Manifest.Findings, func(f asset.Finding) bool { return f.Code == "orientation" }) {
		t.Errorf("got %+v", r.Manifest.Findings)
	}
}

func TestAnImageThatIsCutOffIsRefusedBeforeItIsDecoded(t *testing.T) {
	src := changed(t, "flag", func(s *scene.Scene) {
		data := turned(t)
		s.Images[0].Data, s.Images[0].MIME = data[:len(data)-1], "image/png"
	})
	_, err := pipeline.Examine(src, pipeline.Default())
	if bad, ok := errors.AsType[*scene.FormatError](err); !ok || bad.Code != "image" || bad.Where != "images[0]" || bad.Do != "export textures as PNG, JPEG or WebP" {
		t.Errorf("got %v", err)
	}
}
