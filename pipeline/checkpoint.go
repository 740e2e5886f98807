package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// checkpoints are the Parts of a job, in the store. A job that ends soon has none: each costs a request,
// and what it saves is worth less.
type checkpoints struct {
	attempt *attempt
	version asset.Version
	again   bool // the version was claimed before, so there may be some
	every   time.Duration
	build   string // identifies the program

	last time.Time // when one was put, or was tried
	next int
}

// often is how much time of work is worth a checkpoint if nobody says.
const often = 10 * time.Second

// Bounds of what a job keeps. Past them it goes on without.
const (
	maxCheckpoints = 256
	maxCheckpoint  = 256 << 20 // bytes
)

// checkpoints returns nil where nothing is to be kept.
func (a *attempt) checkpoints() *checkpoints {
	every := a.worker.Checkpoint
	if every < 0 {
		return nil
	}
	if every == 0 {
		every = often
	}
	build, err := a.worker.program.identify()
	if err != nil {
		a.worker.program.doubt.Do(func() {
			a.worker.Log.Warn("checkpoints are off: another program could take them for its own", "err", err)
		})
		return nil
	}
	v, epoch := a.version()
	return &checkpoints{attempt: a, version: v, again: epoch > 1, every: every, build: build, last: time.Now()}
}

// Load reads all checkpoints. What is broken, or can't be read, is as if it were not there.
func (c *checkpoints) Load(ctx context.Context, use func([]byte) error) {
	if !c.again {
		return
	}
	for n := range maxCheckpoints {
		sealed, err := c.attempt.load(ctx, c.key(n), maxCheckpoint)
		if errors.Is(err, asset.ErrNotFound) {
			return
		}
		c.next = n + 1
		if err == nil {
			var body []byte
			if body, err = c.opened(sealed); err == nil {
				err = use(body)
			}
		}
		if err != nil {
			c.log(slog.LevelWarn, "is ignored", n, len(sealed), err)
			if !errors.Is(err, asset.ErrInvalid) && !errors.Is(err, errTape) {
				return // the store doesn't answer
			}
		}
	}
}

// Due says whether the work since the last one is worth one.
func (c *checkpoints) Due() bool {
	return time.Since(c.last) >= c.every && c.next < maxCheckpoints
}

// Save puts a checkpoint. A number that is taken is one that another worker put, which took this
// one for dead: the next is as good.
func (c *checkpoints) Save(ctx context.Context, finished []byte) error {
	sealed := c.sealed(finished)
	if len(sealed) > maxCheckpoint {
		return nil // so is all that comes with it
	}
	var err error
	for err = asset.ErrConflict; errors.Is(err, asset.ErrConflict) && c.next < maxCheckpoints; c.next++ {
		err = c.attempt.worker.Store.Put(ctx, c.key(c.next), bytes.NewReader(sealed), int64(len(sealed)))
	}
	c.last = time.Now()
	if err != nil && ctx.Err() == nil {
		c.log(slog.LevelWarn, "can't be kept", c.next-1, len(sealed), err)
	}
	return err
}

func (c *checkpoints) log(level slog.Level, what string, n, size int, err error) {
	c.attempt.worker.Log.Log(context.Background(), level, "checkpoint "+what, "id", c.version.Model, "key", c.key(n), "bytes", size, "err", err)
}

func (c *checkpoints) key(n int) string { return asset.CheckpointKey(c.version, c.build[:16], n) }

// The format of a checkpoint: magic, SHA-256 of the rest, SHA-256 of what it is of, parts.
const checkpointMagic = "plinth checkpoint 1\n"

func (c *checkpoints) sealed(parts []byte) []byte {
	of := c.of()
	sum := sha256.New()
	sum.Write(of[:])
	sum.Write(parts)
	return bytes.Join([][]byte{[]byte(checkpointMagic), sum.Sum(nil), of[:], parts}, nil)
}

// opened returns the parts of a checkpoint that is whole and of this work.
func (c *checkpoints) opened(sealed []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte(checkpointMagic))
	if !ok || len(rest) < 2*sha256.Size {
		return nil, fmt.Errorf("%w: it is no checkpoint", asset.ErrInvalid)
	}
	sum, rest := rest[:sha256.Size], rest[sha256.Size:]
	if found := sha256.Sum256(rest); !bytes.Equal(found[:], sum) {
		return nil, fmt.Errorf("%w: its bytes have changed", asset.ErrInvalid)
	}
	if of := c.of(); !bytes.Equal(rest[:sha256.Size], of[:]) {
		return nil, fmt.Errorf("%w: it is of other work", asset.ErrInvalid)
	}
	return rest[sha256.Size:], nil
}

// of is what a checkpoint is of: the work, and the program.
func (c *checkpoints) of() [sha256.Size]byte {
	return sha256.Sum256([]byte(asset.CheckpointPrefix(c.version) + " " + c.build))
}

// program tells builds of it apart: another one may make other bytes of the same source and
// recipe, and what is finished must be of the same that finishes it.
type program struct {
	build func() (string, error) // for tests; nil is build
	doubt sync.Once              // it is said once that there is no telling
}

func (p *program) identify() (string, error) {
	if p.build != nil {
		return p.build()
	}
	return build()
}

// build is the hash of the program's file, in hex. What the linker notes of a build doesn't
// tell enough: sources in a container have no revision.
var build = sync.OnceValues(func() (string, error) {
	file, err := os.Executable()
	if runtime.GOOS == "linux" {
		file, err = "/proc/self/exe", nil // what runs, even where an update has its name now
	}
	if err != nil {
		return "", err
	}
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("read the program: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
})
