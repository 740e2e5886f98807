package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// What uploads have in common, however they come: a file is streamed to disk, hashed on
// the way, looked at, stored, and recorded.

// A spooled is an upload on disk.
type spooled struct {
	*os.File
	hash string // SHA-256
	size int64  // bytes
}

// spool writes a body to a temporary file. One of more than limit bytes is refused.
func spool(dir string, body io.Reader, limit int64) (*spooled, error) {
	f, err := os.CreateTemp(dir, "upload-*")
	if err != nil {
		return nil, fmt.Errorf("spool an upload: %w", err)
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, sum), io.LimitReader(body, limit+1))
	if err == nil && size > limit {
		err = errTooLarge(limit)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return &spooled{f, hex.EncodeToString(sum.Sum(nil)), size}, nil
}

func errTooLarge(limit int64) error {
	return &scene.FormatError{Code: "too-large", Where: "the file", What: fmt.Sprintf("has more than %d bytes", limit), Do: "reduce the model"}
}

// discard removes an upload from disk.
func (in *Intake) discard(f *spooled) {
	_ = f.Close() // only read since
	if err := os.Remove(f.Name()); err != nil {
		in.Log.Error("remove an upload's spool", "err", err)
	}
}

// patience is how long an upload waits for its turn to be looked at.
const patience = 30 * time.Second

// look reads and measures a file on disk. That takes it whole and unpacked in memory, so
// only two are looked at at a time.
func (in *Intake) look(ctx context.Context, file *spooled, r pipeline.Recipe) (*pipeline.Model, error) {
	in.turns.Do(func() { in.looking = make(chan struct{}, 2) })
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case in.looking <- struct{}{}:
		defer func() { <-in.looking }()
	case <-wait.Done():
		return nil, fmt.Errorf("%w: too many uploads at once; send it again in a moment", asset.ErrUnavailable)
	}
	src := make([]byte, file.size)
	if _, err := file.ReadAt(src, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the upload back: %w", err)
	}
	return pipeline.Examine(src, r)
}

// version is the one that a file makes of a model.
func (in *Intake) version(merchant, model string, file *spooled, unit string, findings []asset.Finding) asset.Version {
	return asset.Version{
		Merchant: merchant, Model: model, Version: pipeline.VersionOf(file.hash, in.Recipe, unit), Source: file.hash, Bytes: file.size,
		Unit: unit, Recipe: asset.RecipeRef{Name: in.Recipe.Name, Hash: in.Recipe.Hash()}, Findings: findings,
	}
}

// register stores a source and lets submit record its version; its job is sent, or worked
// on, after that. What a crash leaves in between is harmless or resumed.
func (in *Intake) register(ctx context.Context, v asset.Version, file *spooled, submit func(context.Context, asset.Version) (asset.Version, error)) (out asset.Version, duplicate bool, err error) {
	err = in.Store.Put(ctx, asset.SourceKey(v.Merchant, v.Source), io.NewSectionReader(file, 0, v.Bytes), v.Bytes)
	duplicate = errors.Is(err, asset.ErrConflict)
	if err != nil && !duplicate {
		return out, false, err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	out, err = submit(ctx, v)
	return out, duplicate, err
}

// recording is how long the catalog, or the queue, has to take an upload.
const recording = 20 * time.Second

// lasting is ctx for what must not end halfway when a client leaves: a version in the
// catalog wants a job in the queue.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), recording)
}
