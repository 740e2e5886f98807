package pipeline

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A BatchFilter says which models are looked at.
type BatchFilter struct {
	Merchants []string
	Models    []string // patterns of names, as path.Match has them; none is all
	Failed    bool     // those whose newest upload failed, too
	Withdrawn bool     // those that the recipe made and that were rolled back then, too
}

// Check returns ErrInvalid for a pattern that can't be.
func (f BatchFilter) Check() error {
	for _, p := range f.Models {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("%w: %.80q is no pattern of names; it may have *, ? and [a-z]", asset.ErrInvalid, p)
		}
	}
	return nil
}

// Takes says whether a model of that name is meant.
func (f BatchFilter) Takes(model string) bool {
	return len(f.Models) == 0 || slices.ContainsFunc(f.Models, func(p string) bool {
		ok, err := path.Match(p, model)
		return ok && err == nil // Check has seen it
	})
}

// PlanBatch finds the models of a catalog that shoppers would see differently by recipe r:
// those whose live version, or, with Failed, whose failed upload, was made by another one.
// With Withdrawn it takes those that this one made before a rollback.
// s is where sources are kept.
func PlanBatch(ctx context.Context, c asset.Catalog, s asset.Store, r Recipe, f BatchFilter) (BatchPlan, error) {
	p := BatchPlan{Recipe: r, Models: []BatchItem{}}
	if err := f.Check(); err != nil {
		return p, err
	}
	merchants := slices.Compact(slices.Sorted(slices.Values(f.Merchants)))
	for _, m := range merchants {
		err := asset.EachModel(ctx, c, m, func(newest asset.Version) error {
			if !f.Takes(newest.Model) {
				return nil
			}
			return p.consider(ctx, c, s, newest, f)
		})
		if err != nil {
			return p, err
		}
	}
	p.Seal()
	return p, nil
}

// consider adds a model, whose newest upload that is, or says why not.
func (p *BatchPlan) consider(ctx context.Context, c asset.Catalog, s asset.Store, newest asset.Version, f BatchFilter) error {
	switch {
	case newest.State == asset.Queued, newest.State == asset.Running:
		p.Left.Unfinished++
		return nil
	case newest.State == asset.Failed && !f.Failed:
		p.Left.Failed++
		return nil
	case newest.Live && p.made(newest):
		p.Left.Same++
		return nil
	case newest.Live:
		p.add(newest, newest, newest)
		return nil
	}
	versions, err := c.Versions(ctx, newest.Merchant, newest.Model)
	if err != nil {
		return err
	}
	live, _ := pick(versions, func(v asset.Version) bool { return v.Live })
	if newest.State == asset.Failed {
		return p.addFailed(ctx, s, newest, live)
	}
	// The newest upload is ready, and someone made another version live.
	base := live
	if base.Version == "" {
		base = newest
	}
	target := VersionOf(base.Source, p.Recipe, base.Unit)
	_, there := pick(versions, func(v asset.Version) bool { return v.Version == target && v.State == asset.Ready })
	switch {
	case p.made(base):
		p.Left.Same++
	case there && !f.Withdrawn:
		p.Left.Withdrawn++
	default:
		p.add(base, newest, live)
		p.Models[len(p.Models)-1].Again = there
	}
	return nil
}

// addFailed plans to make an upload that failed, if there is something to make it of.
func (p *BatchPlan) addFailed(ctx context.Context, s asset.Store, newest, live asset.Version) error {
	stored, err := Stored(ctx, s, newest)
	switch {
	case err != nil:
		return err
	case stored:
		p.add(newest, newest, live)
	default:
		p.Left.Refused++
	}
	return nil
}

// made says whether the recipe would make v as it is. Its name makes no difference.
func (p *BatchPlan) made(v asset.Version) bool {
	r := p.Recipe
	r.Name = v.Recipe.Name
	return v.State == asset.Ready && r.Hash() == v.Recipe.Hash
}

// add plans to make the source of base anew.
func (p *BatchPlan) add(base, newest, live asset.Version) {
	p.Models = append(p.Models, BatchItem{
		Merchant: base.Merchant, Model: base.Model, Source: base.Source, Bytes: base.Bytes, Unit: base.Unit,
		Version: VersionOf(base.Source, p.Recipe, base.Unit), Newest: newest.Version, Previous: live.Version, From: base.Recipe,
	})
}

// pick returns the first version that is right.
func pick(list []asset.Version, right func(asset.Version) bool) (asset.Version, bool) {
	i := slices.IndexFunc(list, right)
	if i < 0 {
		return asset.Version{}, false
	}
	return list[i], true
}
