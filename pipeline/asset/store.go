package asset

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Info describes a blob.
type Info struct {
	Key  string
	Size int64
}

// An Object is an open blob. Seek is free; the first Read fetches. It must be closed.
type Object struct {
	Info
	io.ReadSeekCloser
}

// A Store keeps blobs. They are written once and never change.
type Store interface {
	// Put writes a blob of size bytes. It is there whole or not at all: after an
	// error, or a crash, nothing is under the key. It survives a loss of power
	// once Put has returned. A key that is taken is ErrConflict, and the blob
	// under it stays; a body that is shorter or longer than size is ErrInvalid.
	Put(ctx context.Context, key string, body io.Reader, size int64) error

	// Open returns the blob under a key, ErrNotFound when there is none.
	Open(ctx context.Context, key string) (Object, error)

	// Stat tells of the blob under a key, ErrNotFound when there is none.
	Stat(ctx context.Context, key string) (Info, error)
}

// keyText is what a key may be: lower-case names between slashes.
var keyText = regexp.MustCompile(`^[a-z0-9._-]+(/[a-z0-9._-]+)*$`)

// CheckKey returns ErrInvalid unless key may name a blob.
func CheckKey(key string) error {
	bad := !keyText.MatchString(key) || len(key) > 512
	for part := range strings.SplitSeq(key, "/") {
		bad = bad || strings.HasPrefix(part, ".")
	}
	if bad {
		return fmt.Errorf("%w: %.80q is no key", ErrInvalid, key)
	}
	return nil
}

// SourceKey is where the file with that hash is that a merchant sent.
func SourceKey(merchant, hash string) string { return "source/" + merchant + "/" + hash }

// RecipeKey is where the recipe with that hash is, as JSON.
func RecipeKey(hash string) string { return "recipe/" + hash }

// RenditionKey is where the rendition with that hash is.
func RenditionKey(merchant, hash string) string { return "rendition/" + merchant + "/" + hash }
