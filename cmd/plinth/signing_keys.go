package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/plinth3d/plinth/origin"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
)

// keysEvery is how often an origin reads its keys again. Only tests change it.
var keysEvery = time.Minute

const (
	keysMost = 1 << 20          // bytes of keys
	keysTime = 30 * time.Second // to read them
)

// signingKeys are where merchants' keys are: a file, or an object of S3.
type signingKeys struct {
	place  string
	object *cloud.Object // nil for a file
}

// openKeys finds the keys that --signing-keys names, and reads nothing yet.
func openKeys(ctx context.Context, place string) (signingKeys, error) {
	k := signingKeys{place: place}
	var err error
	if strings.HasPrefix(place, "s3://") {
		if k.object, err = cloud.OpenObject(ctx, place); err != nil {
			return k, usageError{fmt.Errorf("--signing-keys: %w", err)} // it asks nothing of S3
		}
	}
	return k, nil
}

// read reads the keys as they are now.
func (k signingKeys) read(ctx context.Context) (origin.Keys, error) {
	ctx, cancel := context.WithTimeout(ctx, keysTime)
	defer cancel()
	var text []byte
	var err error
	if k.object != nil {
		text, err = k.object.ReadAll(ctx, keysMost)
	} else {
		text, err = readFile(k.place, keysMost)
	}
	if err != nil {
		return nil, fmt.Errorf("--signing-keys: %w", err)
	}
	keys, err := origin.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("--signing-keys %s: %w", k.place, err)
	}
	return keys, nil
}

// readFile reads a file of at most so many bytes.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%w: %s has more than %d bytes; is it the right file?", asset.ErrInvalid, path, most)
	}
	return text, errors.Join(err, f.Close())
}

// watch has the origin read the keys again until ctx is done. A pipe can be read once only.
func (k signingKeys) watch(ctx context.Context, o *origin.Origin) error {
	switch info, err := os.Stat(k.place); {
	case k.place == "":
	case k.object == nil && err == nil && !info.Mode().IsRegular():
		o.Log.Warn("signing keys come from no file, and are not read again", "place", k.place)
	default:
		o.WatchKeys(ctx, keysEvery, k.read)
	}
	return nil
}
