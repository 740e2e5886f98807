package origin

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func TestCodings(t *testing.T) {
	text := []byte(strings.Repeat(`{"levels": [1, 2, 3]}`, 100))
	p := newPage(text, nil, pageHead{media: "application/json", cache: brief})
	for accept, want := range map[string]string{
		"":                        "",
		"gzip":                    "gzip",
		"br":                      "br",
		"gzip, deflate, br, zstd": "br",
		"GZIP":                    "gzip",
		"x-gzip":                  "gzip",
		"br;q=0.5, gzip;q=0.9":    "gzip",
		"br;q=0, gzip":            "gzip",
		"br;q=0":                  "",
		"*":                       "br",
		"*;q=0.1, br;q=0":         "gzip",
		"identity, br;q=0.5":      "",
		"identity;q=0.2, br":      "br",
		"*;q=0":                   "",
		"deflate":                 "",
		"br;q=x":                  "",
		"br; q=1.000":             "br",
		"*;q=0.5, br;q=0.3":       "gzip",
		"bro":                     "",
		", ,br":                   "br",
	} {
		if got := p.choose([]string{accept}); got.coding != want {
			t.Errorf("%q: got %q, want %q", accept, got.coding, want)
		}
	}
	if got := p.choose([]string{"deflate", "br"}); got.coding != "br" {
		t.Errorf("two lines: got %q", got.coding)
	}
	if got := p.choose(nil); got.coding != "" {
		t.Errorf("no line: got %q", got.coding)
	}
	tags := map[string]bool{}
	for _, c := range []*coded{p.choose(nil), p.choose([]string{"br"}), p.choose([]string{"gzip"})} {
		tags[c.head.ETag] = true
		var back []byte
		var err error
		switch c.coding {
		case "":
			back = c.body
		case "br":
			back, err = io.ReadAll(brotli.NewReader(bytes.NewReader(c.body)))
		case "gzip":
			var r *gzip.Reader
			if r, err = gzip.NewReader(bytes.NewReader(c.body)); err == nil {
				back, err = io.ReadAll(r)
			}
		}
		if err != nil || !bytes.Equal(back, text) || c.head.Size != int64(len(c.body)) || c.head.ETag != `"`+asset.Hash(c.body)+`"` {
			t.Errorf("%q: %d bytes, %v, %+v", c.coding, len(back), err, c.head.Subject)
		}
	}
	if len(tags) != 3 {
		t.Errorf("three codings have the tags %v", tags)
	}
	small := newPage([]byte("x"), nil, pageHead{media: "text/plain", cache: brief})
	if got := small.choose([]string{"br, gzip"}); got.coding != "" {
		t.Errorf("a text that no coding makes smaller is sent in %q", got.coding)
	}
}
