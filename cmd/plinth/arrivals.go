package main

import (
	"context"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/intake"
)

// acceptance registers an upload that S3 tells of and returns its job.
type acceptance = func(context.Context, cloud.Upload) (asset.Job, error)

// acceptFrom is what a queue does with the uploads that S3 tells of: QueueConfig.Accept.
// The recipe of the intake must be stored.
func acceptFrom(raw *cloud.Raw, in *intake.Intake) acceptance {
	return func(ctx context.Context, u cloud.Upload) (asset.Job, error) {
		o, err := raw.Read(ctx, u)
		if err != nil {
			return asset.Job{}, err
		}
		defer o.Body.Close() //nolint:errcheck // only read
		return in.Arrive(ctx, intake.Arrival{
			Merchant: o.Merchant, Model: o.Model, Unit: o.Unit, Size: o.Size, At: o.Arrived, URL: o.URL, Body: o.Body,
		})
	}
}
