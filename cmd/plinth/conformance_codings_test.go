package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/plinth3d/plinth/pipeline/asset"
)

const manifestPath = "/p/default/chair.json"

// What a manifest's answer is in each coding.
const (
	plainJ = `200 | !Content-Encoding | ETag: "{J}" | Vary: Accept-Encoding | Content-Length: {J.size} | Content-Type: application/json | Repr-Digest: sha-256=:{J.digest}: | = J`
	brJ    = `200 | Content-Encoding: br | ETag: "{J.br}" | Vary: Accept-Encoding | Content-Length: {J.br.size} | Content-Type: application/json | Repr-Digest: sha-256=:{J.br.digest}: | = J.br`
	gzipJ  = `200 | Content-Encoding: gzip | ETag: "{J.gzip}" | Vary: Accept-Encoding | Content-Length: {J.gzip.size} | Content-Type: application/json | Repr-Digest: sha-256=:{J.gzip.digest}: | = J.gzip`
)

func accepting(codings string) string { return getting(manifestPath, "Accept-Encoding: "+codings) }

// codingProbes are RFC 9110, sections 8.4 and 12.5.3.
var codingProbes = []probe{
	{"RFC 9110 12.5.3: without Accept-Encoding there is none", getting(manifestPath), plainJ},
	{"RFC 9110 12.5.3: br", accepting("br"), brJ},
	{"RFC 9110 12.5.3: gzip", accepting("gzip"), gzipJ},
	{"RFC 9110 8.4.1.3: x-gzip is gzip", accepting("x-gzip"), gzipJ},
	{"RFC 9110 12.5.3: what browsers send gets br", accepting("gzip, deflate, br, zstd"), brJ},
	{"RFC 9110 12.5.3: a coding that nobody has", accepting("zstd, deflate"), plainJ},
	{"RFC 9110 12.4.2: weights count", accepting("br;q=0.5, gzip;q=0.8"), gzipJ},
	{"RFC 9110 12.4.2: a weight of 0 is not acceptable", accepting("br;q=0, gzip"), gzipJ},
	{"RFC 9110 12.4.2: weights of 0 for all but identity", accepting("br;q=0, gzip;q=0.000"), plainJ},
	{"RFC 9110 12.5.3: an asterisk is any", accepting("*"), brJ},
	{"RFC 9110 12.5.3: an asterisk doesn't count for what is named", accepting("br;q=0, *"), gzipJ},
	{"RFC 9110 12.5.3: identity by name", accepting("identity"), plainJ},
	{"RFC 9110 12.5.3: identity that weighs more", accepting("identity;q=1, br;q=0.5"), plainJ},
	{"RFC 9110 12.5.3: names are in any case", accepting("BR"), brJ},
	{"RFC 9110 12.5.3: an empty field wants none", accepting(""), plainJ},
	{"RFC 9110 12.5.3: a list over two lines", getting(manifestPath, "Accept-Encoding: gzip", "Accept-Encoding: br"), brJ},
	{"RFC 9110 12.4.2: a weight that can't be read doesn't count", accepting("br;q=high, gzip"), gzipJ},
	{"RFC 9110 8.8.3.3: a coding has its own tag for 304", getting(manifestPath, "Accept-Encoding: br", `If-None-Match: "{J.br}"`), `304 | ETag: "{J.br}" | Vary: Accept-Encoding`},
	{"RFC 9110 8.8.3.3: another coding's tag is not the same", getting(manifestPath, "Accept-Encoding: br", `If-None-Match: "{J}"`), brJ},
	{"RFC 9110 9.3.2: HEAD of a coding", asking("HEAD", manifestPath, "Accept-Encoding: gzip"), `200 head | Content-Encoding: gzip | Content-Length: {J.gzip.size} | ETag: "{J.gzip}"`},
	{"RFC 9110 8.4: a GLB has no coding", getting(file1, "Accept-Encoding: br, gzip"), ok1 + " | !Content-Encoding | !Vary"},
	{"RFC 9110 8.4: a product has no coding", getting("/p/default/chair.glb?h=640", "Accept-Encoding: br, gzip"), "200 | !Content-Encoding | = L3"},
	{"RFC 9110 12.5.3: a GLB is served to those who refuse identity", getting(file1, "Accept-Encoding: identity;q=0, br"), "200/406 | !Content-Encoding"},
}

// codingsAreOneText: decoded, all codings are the manifest, and their tags differ.
func codingsAreOneText(t *testing.T, w *world, p *plinthProcess) {
	tags := map[string]bool{}
	for coding, decode := range map[string]func([]byte) ([]byte, error){
		"identity": func(b []byte) ([]byte, error) { return b, nil },
		"br":       func(b []byte) ([]byte, error) { return io.ReadAll(brotli.NewReader(bytes.NewReader(b))) },
		"gzip": func(b []byte) ([]byte, error) {
			r, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		},
	} {
		r := p.fetch(t, accepting(coding))
		text, err := decode(r.body)
		if err != nil || !bytes.Equal(text, w.blobs["J"]) {
			t.Errorf("%s: %d bytes that are not the manifest (%v)", coding, len(text), err)
		}
		if tag := r.get("ETag"); tag != `"`+asset.Hash(r.body)+`"` || tags[tag] {
			t.Errorf("%s: the tag is %s", coding, tag)
		}
		tags[r.get("ETag")] = true
		if coding != "identity" && len(r.body) >= len(text) {
			t.Errorf("%s: %d bytes of %d", coding, len(r.body), len(text))
		}
	}
	if len(tags) != 3 {
		t.Error(fmt.Errorf("%d tags of 3 codings", len(tags)))
	}
}
