package pipeline

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// coding is one image at one size in one form.
type coding struct {
	image, w, h int
	form        string
}

// sized is a coding for whatever form.
func (c coding) sized() coding {
	c.form = ""
	return c
}

// sets are what the images of a form may be.
var sets = map[string]textures.Set{asset.Universal: textures.Universal, asset.Web: textures.Web}

// pixelsAtOnce is how many pixels of sources are coded at a time, at up to 60 bytes each.
const pixelsAtOnce = 1 << 24

// codings are images as they were coded, once for all levels that want them.
type codings map[coding]textures.Coded

// watch is who is told of images being made.
type watch struct {
	begin func() (end func())
	made  func(ctx context.Context, p imagePart)
	done  func(share float64) // of all that is made; from one goroutine at a time
}

// make codes what is wanted and not there yet.
func (c codings) make(ctx context.Context, s *scene.Scene, pictures []picture, r Recipe, wanted []coding, w watch) error {
	todo := c.missing(wanted)
	results := make([][]textures.Coded, len(todo))
	var lock sync.Mutex
	made := 0
	room := semaphore.NewWeighted(pixelsAtOnce)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, want := range todo {
		group.Go(func() (err error) {
			p := want[0].image
			size := min(int64(len(pictures[p].pixels.Pix)/4), pixelsAtOnce)
			if err := room.Acquire(ctx, size); err != nil {
				return err
			}
			end := w.begin()
			results[i], err = code(&s.Images[p], &pictures[p], want, r)
			end()
			room.Release(size)
			if err != nil {
				return err
			}
			w.made(ctx, imagePart{want, results[i]})
			lock.Lock()
			defer lock.Unlock()
			made++
			w.done(float64(made) / float64(len(todo)))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, want := range todo {
		for k, w := range want {
			c[w] = results[i][k]
		}
	}
	return nil
}

// missing lists what is wanted and not there, those of one image at one size together,
// the largest first: they take longest.
func (c codings) missing(wanted []coding) (out [][]coding) {
	at := map[coding]int{}
	listed := map[coding]bool{}
	for _, w := range wanted {
		if _, made := c[w]; made || listed[w] {
			continue
		}
		listed[w] = true
		i, known := at[w.sized()]
		if !known {
			i = len(out)
			at[w.sized()] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], w)
	}
	slices.SortStableFunc(out, func(a, b []coding) int { return b[0].w*b[0].h - a[0].w*a[0].h })
	return out
}

// code makes one image of one size for some forms. At its source's size, the source's own bytes
// are taken unless coding anew saves a tenth of them; so are those of images nothing uses.
func code(img *scene.Image, p *picture, want []coding, r Recipe) ([]textures.Coded, error) {
	pixels := p.pixels
	same := want[0].w == pixels.Rect.Dx() && want[0].h == pixels.Rect.Dy()
	asIs := textures.Coded{Data: img.Data, MIME: img.MIME, PSNR: math.Inf(1), Detail: 1}
	if !same {
		pixels = textures.Resize(pixels, want[0].w, want[0].h, p.how)
	}
	if p.how.Alpha {
		pixels = textures.Bleed(pixels)
	}
	forms := make([]textures.Set, len(want))
	for i, w := range want {
		forms[i] = sets[w.form]
	}
	out, err := textures.Encode(pixels, p.use(r), forms...)
	if err != nil {
		return nil, err
	}
	for i, set := range forms {
		readable := set == textures.Web || img.MIME != textures.WebP
		if same && p.faithful && readable && (p.idle || 10*len(out[i].Data) > 9*len(img.Data)) {
			out[i] = asIs
		}
	}
	return out, nil
}
