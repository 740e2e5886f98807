package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
	"github.com/plinth3d/plinth/testdata/models"
)

// An upload is a file that a merchant sends.
type upload struct {
	asset.Version
	lane   string
	source []byte
	broken bool // the file can't be used
}

// What the uploads are like.
const (
	merchants = 4
	perModel  = 5  // every so many uploads are another version of a model that is there
	perBroken = 50 // every so many are broken
	perAgain  = 10 // every so many are sent once more, later
)

// plan makes the uploads, in the order in which they are sent.
func plan(o options, r pipeline.Recipe) ([]upload, error) {
	dice := rand.New(rand.NewPCG(o.seed, 2))
	all := make([]upload, o.jobs)
	ref := asset.RecipeRef{Name: r.Name, Hash: r.Hash()}
	for i := range all {
		source, err := models.Small(i)
		if err != nil {
			return nil, err
		}
		u := upload{source: source, lane: []string{"interactive", "bulk", "backfill"}[dice.IntN(3)]}
		u.Merchant, u.Model = fmt.Sprint("merchant-", i%merchants), fmt.Sprint("model-", i)
		switch {
		case i%perBroken == perBroken-1:
			u.broken, u.source = true, source[:len(source)-1-dice.IntN(len(source)/2)]
		case i%perModel == perModel-1:
			u.Merchant, u.Model = all[i-1].Merchant, all[i-1].Model
		}
		u.Source, u.Bytes = asset.Hash(u.source), int64(len(u.source))
		u.Unit, u.Recipe = r.Unit, ref
		u.Version.Version = pipeline.VersionOf(u.Source, r, r.Unit)
		all[i] = u
	}
	dice.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	return again(all, dice), nil
}

// again adds uploads that are sent once more.
func again(all []upload, dice *rand.Rand) []upload {
	for i := 0; i < len(all); i += perAgain {
		if u := all[i]; !u.broken {
			all = slices.Insert(all, i+1+dice.IntN(len(all)-i), u)
		}
	}
	return all
}

// pace is the time between uploads of the second half. The first comes at once.
const pace = 10 * time.Millisecond

// send sends all uploads, those of a model one after the other.
func send(ctx context.Context, to *awstest.Installation, all []upload) error {
	group, ctx := errgroup.WithContext(ctx)
	for m := range merchants {
		group.Go(func() error {
			for i, u := range all {
				if u.Merchant != fmt.Sprint("merchant-", m) {
					continue
				}
				if i > len(all)/2 {
					if err := sleep(ctx, pace*merchants); err != nil {
						return err
					}
				}
				if err := sendOne(ctx, to, u); err != nil {
					return fmt.Errorf("send %s: %w", u.Model, err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// sendOne does what an intake does with a file, once it has it.
func sendOne(ctx context.Context, to *awstest.Installation, u upload) error {
	err := to.Store.Put(ctx, asset.SourceKey(u.Merchant, u.Source), bytes.NewReader(u.source), u.Bytes)
	if err != nil && !errors.Is(err, asset.ErrConflict) {
		return err
	}
	v, err := to.Catalog.Submit(ctx, u.Version)
	if err != nil || v.State == asset.Ready || v.State == asset.Failed {
		return err
	}
	return to.Queue.SendTo(ctx, u.lane, v.Ref())
}

// settled waits until no version is unfinished and no message is left.
func settled(ctx context.Context, at *awstest.Installation, o options) error {
	for {
		open, err := at.Catalog.Unfinished(ctx)
		if err != nil {
			return err
		}
		waiting, leased, _, err := at.Messages(ctx)
		if err != nil {
			return err
		}
		if len(open)+int(waiting+leased) == 0 {
			return nil
		}
		if err := sleep(ctx, o.lease/5); err != nil {
			return fmt.Errorf("%w: %d versions are unfinished, such as %v; %d messages wait, %d are leased", err, len(open), open[:min(len(open), 3)], waiting, leased)
		}
	}
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
