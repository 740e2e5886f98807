package origin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/plinth3d/plinth/origin/cache"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// errPending is a product whose levels are being made and whose source can't stand in.
var errPending = fmt.Errorf("%w: its levels are being made; ask again in a moment", asset.ErrUnavailable)

// errFailed is a product that has no levels and will not get any.
var errFailed = fmt.Errorf("%w: no levels could be made of what was uploaded", asset.ErrUnavailable)

// caps on the bytes of a source that stands in for a level, by the class's height: those
// of the levels.
var caps = map[int]int64{2592: 15 << 20, 1728: 8 << 20, 1152: 4 << 20, 640: 3 << 19}

// source answers with the upload itself, while there are no levels: where it is a GLB that
// is no heavier than the level may be.
func (o *Origin) source(ctx context.Context, w http.ResponseWriter, q *request, m *model, d Device) error {
	limit := caps[d.Height]
	if d.Lite {
		limit = min(limit, liteBytes)
	}
	switch {
	case m.upload.State == asset.Failed:
		return errFailed
	case m.upload.Bytes > limit:
		return errPending
	}
	err := q.get(ctx, cache.Want{Key: asset.SourceKey(m.merchant, m.upload.Source), Digest: m.upload.Source, Size: m.upload.Bytes})
	if err == nil {
		err = isA(ctx, &q.object, types["glb"])
	}
	if errors.Is(err, asset.ErrNotFound) {
		return errPending // or it is another kind of file
	}
	if err != nil {
		return err
	}
	q.reason = fmt.Sprintf("h=%d level=- px=0 cap=- form=source from=%s", d.Height, d.From)
	q.head = newHead(kindProduct, Subject{Size: m.upload.Bytes}, types["glb"], m.upload.Source, shortly, fieldOf("Plinth-Reason", q.reason), vary)
	return q.prepare(w, o.MinRate)
}

// signatures are what files of a type begin with; "?" is any byte.
var signatures = map[string]string{
	"model/gltf-binary":  "glTF\x02\x00\x00\x00",
	"model/vnd.usdz+zip": "PK\x03\x04",
	"image/ktx2":         "\xabKTX 20\xbb\r\n\x1a\n",
	"image/webp":         "RIFF????WEBP",
	"image/jpeg":         "\xff\xd8\xff",
	"image/png":          "\x89PNG\r\n\x1a\n",
	"image/avif":         "????ftyp",
}

// isA returns errPath unless an object begins as files of a type do. What isn't the type
// that its address says isn't there.
func isA(ctx context.Context, object *cache.Object, media string) error {
	want := signatures[media]
	if object.Size < int64(len(want)) {
		return errPath
	}
	r, err := object.Reader(ctx, 0, int64(len(want)))
	if err != nil {
		return err
	}
	start := make([]byte, len(want))
	if _, err := io.ReadFull(r, start); err != nil {
		return err
	}
	for i := range want {
		if want[i] != '?' && want[i] != start[i] {
			return errPath
		}
	}
	return nil
}
