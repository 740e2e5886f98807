package origin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/maypok86/otter/v2"

	"github.com/plinth3d/plinth/origin/cache"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// An answer is what a device gets of a model: choices in order of preference. The head of
// the first is there; the others are seldom needed.
type answer struct {
	choices []Choice
	head    *head
	reason  string
	timing  [layers]field // Server-Timing by where the bytes came from
}

// layers is how many there are to find an object in.
const layers = int(cache.Disk) + 1

// answerKey is a manifest for a device.
type answerKey struct {
	merchant, model, digest string
	device                  Device
}

// newAnswers remembers what was picked, about 6 kB each.
func newAnswers(memory int64) *otter.Cache[answerKey, *answer] {
	return otter.Must(&otter.Options[answerKey, *answer]{MaximumSize: int(max(memory/(6<<10), 64))})
}

// pick is what a device may get of a model.
func (o *Origin) pick(m *model, d Device) *answer {
	key := answerKey{m.merchant, m.id, m.page.plain.digest, d}
	if known, ok := o.answers.GetIfPresent(key); ok {
		return known
	}
	a := &answer{choices: Rank(m.manifest, d)}
	if len(a.choices) > 0 {
		a.reason = a.choices[0].Reason.String()
		a.head = productHead(m, a.choices[0], a.reason, brief)
		for i := range a.timing {
			a.timing[i] = fieldOf("Server-Timing", fmt.Sprintf(`level;desc="%s", cache;desc=%s`, a.reason, cache.Layer(i)))
		}
	}
	o.answers.Set(key, a)
	return a
}

// vary are the header fields that a level is picked by, for caches that don't ask the edge.
var vary = fieldOf("Vary", strings.Join(RequestHeaders(), ", "))

func productHead(m *model, c Choice, reason, caching string) *head {
	r := c.Rendition
	return newHead(kindProduct, Subject{Size: r.Bytes}, r.Type, r.SHA256, caching,
		fieldOf("Content-Location", "/o/"+m.merchant+"/"+r.SHA256+"/"+m.id+".glb"), fieldOf("Plinth-Reason", reason), vary)
}

// product answers with the level that is right for a device, or with the best there is: a
// file that is missing must not keep a shopper from seeing another level, nor must a store
// that is down while another is cached.
func (o *Origin) product(ctx context.Context, w http.ResponseWriter, q *request, m *model, d Device) error {
	if m.pending() {
		return o.source(ctx, w, q, m, d)
	}
	a := o.pick(m, d)
	var lacking []string
	var down error
	for i, c := range a.choices {
		r := c.Rendition
		err := q.get(ctx, cache.Want{Key: r.Key, Digest: r.SHA256, Size: r.Bytes})
		if err == nil && down != nil && q.layer == cache.Miss {
			continue // one failure is enough to wait for
		}
		if err == nil {
			q.level, q.reason, q.head = c.Reason.Level, a.reason, a.head
			if i > 0 {
				q.reason = c.Reason.String() + " missing=" + strings.Join(lacking, ",")
				q.head = productHead(m, c, q.reason, shortly)
			} else {
				q.timing = a.timing[q.layer].values
			}
			err = q.prepare(w, o.MinRate)
		}
		switch {
		case err == nil:
			if i > 0 {
				o.metrics.incomplete.Inc()
			}
			return nil
		case errors.Is(err, asset.ErrNotFound):
		case errors.Is(err, asset.ErrUnavailable):
			down = errors.Join(down, err)
		default:
			return err
		}
		q.timing = nil
		lacking = append(lacking, strconv.Itoa(c.Reason.Level))
	}
	if down != nil {
		return down
	}
	return fmt.Errorf("%w: no level of %s is in the store", asset.ErrUnavailable, m.id)
}
