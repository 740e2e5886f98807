package cloud

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

// put stores a blob and returns what S3 was told that it is, by the request that says so.
func put(t *testing.T, server *s3test.Server, s *Store, key string, data []byte) (kind string) {
	t.Helper()
	server.Forget()
	if err := s.Put(t.Context(), key, bytes.NewReader(data), int64(len(data))); err != nil {
		t.Fatal(err)
	}
	for _, r := range server.Requests() {
		if r.Operation == "PutObject" || r.Operation == "CreateMultipartUpload" {
			return r.Type
		}
	}
	t.Fatalf("%s was put by none of %v", key, server.Requests())
	return ""
}

func TestRenditionsHaveTheTypeOfWhatTheyAre(t *testing.T) {
	server := s3test.New(t)
	s := connect(t, server, "s3://bucket/p")
	for begins, want := range map[string]string{
		"glTF\x02\x00\x00\x00":              "model/gltf-binary",
		"PK\x03\x04\x0a\x00":                "model/vnd.usdz+zip",
		"RIFF\x24\x00\x00\x00WEBPVP8 ":      "image/webp",
		"RIFF\x24\x00\x00\x00WAVEfmt ":      "application/octet-stream",
		"RIFF":                              "application/octet-stream",
		"\xff\xd8\xff\xe0":                  "image/jpeg",
		"\x89PNG\r\n\x1a\n":                 "image/png",
		`{"asset":{}}`:                      "application/json",
		"plain":                             "application/octet-stream",
		"":                                  "application/octet-stream",
		"glTF" + strings.Repeat(" ", large): "model/gltf-binary",
	} {
		key := asset.RenditionKey("m", asset.Hash([]byte(begins)))
		if got := put(t, server, s, key, []byte(begins)); got != want {
			t.Errorf("%.12q of %d bytes is %s, want %s", begins, len(begins), got, want)
		}
		// A blob that is made young again stays what it is.
		if err := s.Refresh(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if all := server.Requests(); all[len(all)-1].Type != want {
			t.Errorf("%.12q is %s then, want %s", begins, all[len(all)-1].Type, want)
		}
	}
	// A zip that a merchant sent is no USDZ; nobody asks what a source is.
	if got := put(t, server, s, asset.SourceKey("m", asset.Hash(nil)), []byte("PK\x03\x04")); got != "application/octet-stream" {
		t.Errorf("a source is %s", got)
	}
}

// unreadable is a body that can't be read at any place.
type unreadable struct{}

var errUnreadable = errors.New("the disk is gone")

func (unreadable) ReadAt([]byte, int64) (int, error) { return 0, errUnreadable }

func TestABodyThatCantBeReadHasNoType(t *testing.T) {
	if _, err := mediaType("rendition/m/0", unreadable{}); !errors.Is(err, errUnreadable) {
		t.Errorf("got %v", err)
	}
	s := connect(t, s3test.New(t), "s3://bucket")
	body := io.NewSectionReader(unreadable{}, 0, 5)
	if err := s.Put(t.Context(), "rendition/m/0", body, 5); !errors.Is(err, errUnreadable) {
		t.Errorf("got %v", err)
	}
}
