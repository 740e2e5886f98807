package origin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/maypok86/otter/v2"

	"github.com/plinth3d/plinth/origin/cache"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// choice is a file that would do for a device.
type choice struct {
	key, digest string
	size        int64
	level       int
	reason      string
	head        *head
	timing      [layers]field // Server-Timing by where the bytes came from
}

// layers are where an object may have been found.
const layers = int(cache.Disk) + 1

// answerKey is a model at a time, by identity, for a device.
type answerKey struct {
	model  *model
	device Device
}

// answers remembers what was picked, about 2 kB each.
func newAnswers(memory int64) *otter.Cache[answerKey, []choice] {
	return otter.Must(&otter.Options[answerKey, []choice]{MaximumSize: int(max(memory/(2<<10), 64))})
}

// choices are what a device may get of a model, in order of preference.
func (o *Origin) choices(m *model, d Device) []choice {
	key := answerKey{m, d}
	if known, ok := o.answers.GetIfPresent(key); ok {
		return known
	}
	var all []choice
	for _, c := range Rank(m.manifest, d) {
		// Of a file that several levels have, the first time counts.
		all = append(all, newChoice(m, c, d))
	}
	o.answers.Set(key, all)
	return all
}

// vary are the header fields that a level is picked by, for caches that don't ask the edge.
var vary = fieldOf("Vary", strings.Join(RequestHeaders(), ", "))

func newChoice(m *model, c Choice, d Device) choice {
	r := c.Rendition
	location := "/o/" + m.merchant + "/" + r.SHA256 + "/" + m.id + ".glb"
	reason := c.Reason.String()
	out := choice{key: r.Key, digest: r.SHA256, size: r.Bytes, level: c.Reason.Level, reason: reason}
	out.head = newHead(kindProduct, Subject{Size: r.Bytes}, r.Type, r.SHA256, brief,
		fieldOf("Content-Location", location), fieldOf("Plinth-Reason", reason), vary)
	for i := range out.timing {
		out.timing[i] = fieldOf("Server-Timing", fmt.Sprintf(`level;desc="%s", cache;desc=%s`, reason, cache.Layer(i)))
	}
	return out
}

// product opens the level that is right for a device, or the best there is: a blob that is
// missing from the store must not keep a shopper from seeing another level.
func (o *Origin) product(ctx context.Context, q *request, m *model, d Device) error {
	if m.pending() {
		return o.source(ctx, q, m, d)
	}
	var missing []string
	for _, c := range o.choices(m, d) {
		err := q.get(ctx, cache.Want{Key: c.key, Digest: c.digest, Size: c.size})
		if errors.Is(err, asset.ErrNotFound) {
			missing = append(missing, strconv.Itoa(c.level))
			continue
		}
		if err != nil {
			return err
		}
		q.head, q.level, q.reason, q.timing = c.head, c.level, c.reason, c.timing[q.layer].values
		if missing != nil {
			q.reason += " missing=" + strings.Join(missing, ",")
			q.head = c.head.caching(shortly).with("Plinth-Reason", q.reason)
			o.metrics.incomplete.Inc()
		}
		return nil
	}
	return fmt.Errorf("%w: no level of %s is in the store", asset.ErrUnavailable, m.id)
}

// errPending is a product whose levels are being made and whose source can't stand in.
var errPending = fmt.Errorf("%w: its levels are being made; ask again in a moment", asset.ErrUnavailable)

// errFailed is a product that has no levels and will not get any.
var errFailed = fmt.Errorf("%w: no levels could be made of what was uploaded", asset.ErrUnavailable)

// caps on the bytes of a source that stands in for a level, by the class's height: those
// of the levels.
var caps = map[int]int64{2592: 15 << 20, 1728: 8 << 20, 1152: 4 << 20, 640: 3 << 19}

// source is the upload itself, while there are no levels: where it is a GLB that is no
// heavier than the level may be.
func (o *Origin) source(ctx context.Context, q *request, m *model, d Device) error {
	why := errPending
	if m.upload.State == asset.Failed {
		why = errFailed
	}
	limit := caps[d.Height]
	if d.Lite {
		limit = min(limit, liteBytes)
	}
	if m.upload.Bytes > limit || m.upload.State == asset.Failed {
		return why
	}
	err := q.get(ctx, cache.Want{Key: asset.SourceKey(m.merchant, m.upload.Source), Digest: m.upload.Source, Size: m.upload.Bytes})
	if err != nil {
		return err
	}
	if !isGLB(ctx, &q.object) {
		q.object.Close()
		return why
	}
	q.reason = fmt.Sprintf("h=%d level=- px=0 cap=- form=source from=%s", d.Height, d.From)
	q.head = newHead(kindProduct, Subject{Size: m.upload.Bytes}, types["glb"], m.upload.Source, shortly, fieldOf("Plinth-Reason", q.reason), vary)
	return nil
}

// isGLB says whether an object begins as a GLB of version 2 does.
func isGLB(ctx context.Context, object *cache.Object) bool {
	const magic = "glTF\x02\x00\x00\x00"
	if object.Size < int64(len(magic)) {
		return false
	}
	r, err := object.Reader(ctx, 0, int64(len(magic)))
	if err != nil {
		return false
	}
	start := make([]byte, len(magic))
	_, err = io.ReadFull(r, start)
	return err == nil && string(start) == magic
}
