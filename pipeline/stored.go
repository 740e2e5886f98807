package pipeline

import (
	"context"
	"errors"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Stored says whether the source of a version is kept: that of an upload that was refused on
// arrival is not, and no job can make anything of it.
func Stored(ctx context.Context, s asset.Store, v asset.Version) (bool, error) {
	if v.Source == "" {
		return false, nil // it was too large to be read
	}
	_, err := s.Stat(ctx, asset.SourceKey(v.Merchant, v.Source))
	if errors.Is(err, asset.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
