package origin

import (
	"context"

	"github.com/maypok86/otter/v2"

	"github.com/plinth3d/plinth/origin/cache"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// newHeads remembers heads of renditions, of about three kilobytes each, with their bytes.
func newHeads(memory int64) *otter.Cache[string, keyed] {
	return otter.Must(&otter.Options[string, keyed]{
		MaximumWeight: uint64(max(memory, 1<<16)),
		Weigher:       func(path string, _ keyed) uint32 { return uint32(3<<10 + 2*len(path)) },
	})
}

// keyed is the head of a file under its immutable name, with the file's key.
type keyed struct {
	*head
	key string
}

func (o *Origin) rendition(ctx context.Context, q *request) error {
	at := &q.route
	known, ok := o.heads.GetIfPresent(q.URL.Path)
	if !ok {
		known.key = asset.RenditionKey(at.merchant, at.hash)
	}
	err := q.get(ctx, cache.Want{Key: known.key, Digest: at.hash})
	if err != nil {
		return err
	}
	s := Subject{Size: q.object.Size, Modified: toSecond(q.object.Modified()), Immutable: true}
	if !ok || known.Size != s.Size || !known.Modified.Equal(s.Modified) {
		known.head = newHead(kindRendition, s, at.media, at.hash, forever)
		o.heads.Set(q.URL.Path, known)
	}
	q.head = known.head
	return nil
}
