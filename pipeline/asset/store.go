package asset

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// Info describes a blob.
type Info struct {
	Key      string
	Size     int64
	Modified time.Time // when it was put, to the second; the zero time where nobody knows
	Tag      string    // another one says that the blob is another; "" where blobs can't change
}

// A Range is a part of a blob.
type Range struct {
	Offset, Length int64  // in bytes; what lies beyond the blob's end is not there
	Tag            string // of the blob that is meant; "" takes any
}

// A Store keeps blobs. They are written once and never change.
type Store interface {
	// Put writes a blob of size bytes. It is there whole or not at all: after an
	// error, or a crash, nothing is under the key. It survives a loss of power
	// once Put has returned. A key that is taken is ErrConflict, and the blob
	// under it stays; a body that is shorter or longer than size is ErrInvalid.
	Put(ctx context.Context, key string, body io.Reader, size int64) error

	// Read returns a part of a blob, as it arrives, and tells of the whole: one
	// request to the backend. The reader ends with io.EOF after the last byte of the
	// part, and with another error when it was cut off before. It must be closed;
	// the end of ctx ends it. A missing blob is ErrNotFound, one with another tag
	// ErrConflict, an offset beyond the end (not at it) or a negative number
	// ErrInvalid.
	Read(ctx context.Context, key string, r Range) (Info, io.ReadCloser, error)

	// Stat tells of the blob under a key, ErrNotFound when there is none.
	Stat(ctx context.Context, key string) (Info, error)

	// List tells of the blobs whose keys begin with prefix and come after another key,
	// which need not be there: the first ones in the order of the keys' bytes, at most
	// limit, which is 1 to PageLimit. Fewer than that are the last. It knows all whose Put
	// had returned before, and tells at most what Stat does: no tag where a list has none.
	List(ctx context.Context, prefix, after string, limit int) ([]Info, error)

	// Refresh makes the blob under a key as young as one that was put just now.
	// A missing one is ErrNotFound.
	Refresh(ctx context.Context, key string) error

	// Remove removes the blob under a key, if there is one. Its last readers may be cut
	// off.
	Remove(ctx context.Context, key string) error
}

// PageLimit is the most blobs that List tells of at once.
const PageLimit = 1000

// prefixText is what a key may begin with.
var prefixText = regexp.MustCompile(`^[a-z0-9._/-]{0,512}$`)

// CheckList returns ErrInvalid unless List can be asked so.
func CheckList(prefix, after string, limit int) error {
	if !prefixText.MatchString(prefix) || !prefixText.MatchString(after) || limit < 1 || limit > PageLimit {
		return fmt.Errorf("%w: list %d blobs at %.80q after %.80q; it is 1 to %d, and both are parts of keys", ErrInvalid, limit, prefix, after, PageLimit)
	}
	return nil
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

// Until reads from r until ctx is done, which is an error.
func Until(ctx context.Context, r io.Reader) io.Reader { return until{ctx, r} }

type until struct {
	ctx context.Context
	r   io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// SourceKey is where the file with that hash is that a merchant sent.
func SourceKey(merchant, hash string) string { return "source/" + merchant + "/" + hash }

// RecipeKey is where the recipe with that hash is, as JSON.
func RecipeKey(hash string) string { return "recipe/" + hash }

// RenditionKey is where the rendition with that hash is.
func RenditionKey(merchant, hash string) string { return Renditions + merchant + "/" + hash }

// CheckpointPrefix is what the keys begin with of what was kept of the unfinished work on
// a version. Versions of one source by one recipe share it. Nothing of it is needed once
// the version is ready or failed, and nothing but time is lost without it.
func CheckpointPrefix(v Version) string {
	return Checkpoints + v.Merchant + "/" + Hash([]byte(v.Source+" "+v.Recipe.Hash+" "+v.Unit)) + "/"
}

// CheckpointKey is where the n-th checkpoint is that some build of the program made; build is
// lower-case hex.
func CheckpointKey(v Version, build string, n int) string {
	return fmt.Sprintf("%s%s-%d", CheckpointPrefix(v), build, n)
}

// SweepKey is there while the sweep with that ID removes blobs.
func SweepKey(id string) string { return Sweeps + id }

// What keys begin with whose blobs a sweep looks at, and those of sweeps themselves.
const (
	Renditions  = "rendition/"  // then merchant and hash
	Checkpoints = "checkpoint/" // then the merchant
	Sweeps      = "sweep/"
)
