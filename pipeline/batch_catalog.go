package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// BatchCatalog carries plans out in a catalog: versions are submitted, and workers make
// them.
type BatchCatalog struct {
	Catalog asset.Catalog
	Store   asset.Store
	Recipe  Recipe // that of the plan

	// Send puts a job in line. It is nil where those who work find what is queued in
	// the catalog.
	Send func(context.Context, asset.Job) error

	stored bool // the recipe is where workers find it
}

// Survey asks for the newest uploads of all merchants, and for more where those don't tell.
func (c *BatchCatalog) Survey(ctx context.Context, p BatchPlan) ([]Standing, error) {
	newest := map[asset.Job]asset.Version{} // by merchant and model
	listed := map[string]bool{}
	all := make([]Standing, len(p.Models))
	for k, i := range p.Models {
		if !listed[i.Merchant] {
			listed[i.Merchant] = true
			err := asset.EachModel(ctx, c.Catalog, i.Merchant, func(v asset.Version) error {
				v.Findings = nil // there may be many
				newest[asset.Job{Merchant: v.Merchant, Model: v.Model}] = v
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
		var err error
		switch v := newest[asset.Job{Merchant: i.Merchant, Model: i.Model}]; v.Version {
		case i.Version:
			all[k] = standsAs(v)
		case i.Newest:
			all[k] = Standing{State: BatchLeftOver}
		default:
			all[k], err = c.Look(ctx, i)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func standsAs(v asset.Version) Standing {
	s := Standing{State: BatchState(v.State), Live: v.Live, Failure: v.Failure}
	if s.ended() {
		s.Ended = v.Updated
	}
	return s
}

// Look tells how an item stands.
func (c *BatchCatalog) Look(ctx context.Context, i BatchItem) (Standing, error) {
	m, err := c.read(ctx, i)
	switch {
	case err != nil:
		return Standing{}, err
	case m.target.Version != "":
		return standsAs(m.target), nil
	case m.moved(i):
		return Standing{State: BatchOvertaken}, nil
	}
	return Standing{State: BatchLeftOver}, nil
}

// turns is how often a model is looked at again that changed meanwhile.
const turns = 8

// Begin submits an item, unless its model has another upload, or another live version, than
// when that was planned.
func (c *BatchCatalog) Begin(ctx context.Context, i BatchItem) (s Standing, err error) {
	for range turns {
		if s, err = c.begin(ctx, i); !errors.Is(err, asset.ErrConflict) {
			break
		}
	}
	return s, err
}

// begin submits an item. ErrConflict says that its model has changed since it was looked at.
func (c *BatchCatalog) begin(ctx context.Context, i BatchItem) (Standing, error) {
	m, err := c.read(ctx, i)
	if err != nil {
		return Standing{}, err
	}
	v := m.target
	switch {
	case v.State == asset.Queued, v.State == asset.Running: // its message may be missing
	case v.State == asset.Ready && (v.Live || m.moved(i)):
		return standsAs(v), nil
	case m.moved(i):
		return Standing{State: BatchOvertaken}, nil
	default:
		if v, err = c.submit(ctx, i, m); err != nil {
			return Standing{}, err
		}
	}
	if c.Send != nil && (v.State == asset.Queued || v.State == asset.Running) {
		err = c.Send(ctx, v.Ref())
	}
	return standsAs(v), err
}

// submit submits an item over what its model was.
func (c *BatchCatalog) submit(ctx context.Context, i BatchItem, m batchModel) (asset.Version, error) {
	if !c.stored {
		if err := StoreRecipe(ctx, c.Store, c.Recipe); err != nil {
			return asset.Version{}, err
		}
		c.stored = true
	}
	return c.Catalog.SubmitOver(ctx, asset.Version{
		Merchant: i.Merchant, Model: i.Model, Version: i.Version, Source: i.Source, Bytes: i.Bytes, Unit: i.Unit,
		Recipe: asset.RecipeRef{Name: c.Recipe.Name, Hash: c.Recipe.Hash()},
	}, m.newest.Version, m.live.Version)
}

// batchModel is what a catalog knows of an item's model. A version that isn't there is the
// zero one.
type batchModel struct {
	newest, live, target asset.Version
}

func (c *BatchCatalog) read(ctx context.Context, i BatchItem) (m batchModel, err error) {
	list, err := c.Catalog.Versions(ctx, i.Merchant, i.Model)
	if errors.Is(err, asset.ErrNotFound) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	m.newest = list[0]
	m.live, _ = pick(list, func(v asset.Version) bool { return v.Live })
	m.target, _ = pick(list, func(v asset.Version) bool { return v.Version == i.Version })
	return m, nil
}

// moved says whether something else came since an item was planned.
func (m batchModel) moved(i BatchItem) bool {
	return m.newest.Version != i.Newest && m.newest.Version != i.Version || m.live.Version != i.Previous
}

// RollBack makes what was live when an item was planned live again, if what was made of it
// is, or would be once it is ready. It says whether it did; to do it again does no harm. A
// newer upload that is on its way is live once it is ready all the same.
func (c *BatchCatalog) RollBack(ctx context.Context, i BatchItem) (did bool, err error) {
	for range turns {
		if did, err = c.rollBack(ctx, i); !errors.Is(err, asset.ErrConflict) {
			break
		}
	}
	return did, err
}

// rollBack rolls an item back. ErrConflict says that its model has changed since it was
// looked at.
func (c *BatchCatalog) rollBack(ctx context.Context, i BatchItem) (bool, error) {
	m, err := c.read(ctx, i)
	if err != nil {
		return false, err
	}
	coming := m.target.State == asset.Queued || m.target.State == asset.Running
	if !m.target.Live && !(coming && m.live.Version == i.Previous) || i.Previous == "" {
		return false, nil
	}
	if err := c.Catalog.Revert(ctx, i.Merchant, i.Model, i.Version, i.Previous); err != nil {
		return false, fmt.Errorf("roll back %s: %w", i.Name(), err)
	}
	return true, nil
}
