package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// An Arrival is an upload that lies in a bucket.
type Arrival struct {
	Merchant, Model string
	Unit            string    // as the uploader said; "" is the recipe's
	Size            int64     // bytes
	At              time.Time // when it came there
	URL             string    // where it is, for aws s3 cp
	Body            io.Reader // what there is of it
}

// Arrive registers an upload that came to a bucket and returns its job. ErrConflict says
// that there is nothing to do: the upload was registered before and its job has ended, or
// it can't be used, and its version has failed and says why. All else is worth another
// try. It does not mind being told twice.
func (in *Intake) Arrive(ctx context.Context, a Arrival) (asset.Job, error) {
	v, err := in.arrive(ctx, a)
	in.Log.Info("arrival", "id", a.Model, "merchant", a.Merchant, "version", v.Version, "source", v.Source, "bytes", a.Size, "state", v.State, "err", err)
	if err != nil {
		return asset.Job{}, err
	}
	if ended(v) {
		return asset.Job{}, fmt.Errorf("%w: version %s of %s/%s is %s", asset.ErrConflict, v.Version, a.Merchant, a.Model, v.State)
	}
	return v.Ref(), nil
}

func ended(v asset.Version) bool { return v.State == asset.Ready || v.State == asset.Failed }

func (in *Intake) arrive(ctx context.Context, a Arrival) (asset.Version, error) {
	recipe := in.Recipe
	if a.Unit != "" {
		recipe.Unit = a.Unit
	}
	limit := recipe.Limits.Bytes
	if a.Size > limit {
		// It is not read, so nobody knows its hash: its version is that of where and when.
		file := &spooled{hash: asset.Hash(fmt.Appendf(nil, "%s %d %s", a.URL, a.Size, a.At)), size: a.Size}
		v := in.version(a.Merchant, a.Model, file, in.Recipe.Unit, nil)
		v.Source = ""
		return in.refused(ctx, a, v, errTooLarge(limit))
	}
	file, err := spool(in.Temp, a.Body, limit)
	if err != nil {
		return asset.Version{}, err
	}
	defer in.discard(file)
	v := in.version(a.Merchant, a.Model, file, recipe.Unit, nil)
	// One that is running may have been claimed by who then ended before he could refuse it.
	if before, known, err := in.known(ctx, v, a.At); err != nil || known && ended(before) {
		return before, err
	}
	if err := recipe.Check(); err != nil {
		v.Unit = "" // it is anything
		return in.refused(ctx, a, v, fmt.Errorf("%w: unit %.80q is none of m, cm, mm, in, ft", asset.ErrInvalid, a.Unit))
	}
	model, err := in.look(ctx, file, recipe)
	if _, bad := pipeline.Refusal(err); bad {
		return in.refused(ctx, a, v, err)
	}
	if err != nil {
		return v, err
	}
	v.Findings = model.Findings
	v, _, err = in.register(ctx, v, file, in.since(a.At))
	return v, err
}

// since submits a version, unless it was submitted since an upload arrived, which then was
// this one: to submit it again would make it newer than what was uploaded after it.
func (in *Intake) since(arrived time.Time) func(context.Context, asset.Version) (asset.Version, error) {
	return func(ctx context.Context, v asset.Version) (asset.Version, error) {
		if before, known, err := in.known(ctx, v, arrived); known || err != nil {
			return before, err
		}
		return in.Catalog.Submit(ctx, v)
	}
}

// slack is by how much the clock of whoever submits may be behind that of the bucket, whose
// times are whole seconds.
const slack = 2 * time.Second

// known finds a version that was submitted since an upload of it arrived.
func (in *Intake) known(ctx context.Context, v asset.Version, arrived time.Time) (asset.Version, bool, error) {
	all, err := in.Catalog.Versions(ctx, v.Merchant, v.Model)
	if errors.Is(err, asset.ErrNotFound) {
		return v, false, nil
	}
	i := slices.IndexFunc(all, func(old asset.Version) bool {
		return old.Version == v.Version && !old.Submitted.Before(arrived.Add(-slack))
	})
	if err != nil || i < 0 {
		return v, false, err
	}
	return all[i], true, nil
}

// refused records an upload that can't be used, as a version that has failed: its merchant
// has no answer to look at. The file stays in the bucket; it is not stored as a source.
func (in *Intake) refused(ctx context.Context, a Arrival, v asset.Version, why error) (asset.Version, error) {
	failure := asset.Failure{Code: "invalid", Stage: "check", Reason: why.Error(), Reproduce: fmt.Sprintf("aws s3 cp %s model.glb && plinth inspect model.glb", a.URL)}
	if finding, ok := pipeline.Refusal(why); ok {
		failure.Code = finding.Code
	}
	v, err := in.since(a.At)(ctx, v)
	if err != nil || ended(v) {
		return v, err
	}
	// The claim is over at once: should this process end here, whoever is told next refuses
	// the upload. There is no source, so a worker would not say why.
	_, epoch, err := in.Catalog.Claim(ctx, v.Ref(), 0)
	if err != nil {
		return v, err // ErrConflict: another one, who was told too, is at it
	}
	if err := in.Catalog.Fail(ctx, v.Ref(), epoch, failure); err != nil {
		return v, err
	}
	v.State, v.Failure = asset.Failed, &failure
	return v, nil
}
