package pipeline

import (
	"context"
	"fmt"
	"image"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// A picture is an image of the source with all that is known of its use.
type picture struct {
	pixels *image.NRGBA
	stats  textures.Stats
	how    textures.Resample
	used   textures.Channels
	texels [2]float64 // meters of surface along u and v for all of the image; 0 where it is not seen
	idle   bool       // no material uses it
	// faithful says that its file shows what was decoded to any viewer.
	faithful bool
	// bare says that a material shows its colors whatever its alpha.
	bare bool
}

// use is what an image is coded for. Colors that one material hides by their alpha and another
// shows are data: each channel must be right by itself.
func (p *picture) use(r Recipe) textures.Use {
	u := textures.Use{Role: p.how.Role, Used: p.used}
	switch {
	case p.idle:
		u.Role, u.Used = textures.Color, textures.RGB|textures.A
	case p.bare && p.used&textures.A != 0 && p.stats.Min[3] < 255:
		u.Role = textures.Data
	}
	u.Quality = r.Roles[u.Role].Quality()
	return u
}

// studyImages decodes all images and finds what they are for.
func studyImages(ctx context.Context, s *scene.Scene, limit int64) ([]picture, error) {
	out := make([]picture, len(s.Images))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range s.Images {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			img, err := textures.Decode(s.Images[i].Data, limit)
			if err != nil {
				return unreadable(i, err)
			}
			out[i].pixels, out[i].stats = img, textures.Analyse(img)
			head, err := textures.Inspect(s.Images[i].Data)
			out[i].faithful = err == nil && len(head.Notes) == 0
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	uses(s, out)
	return out, nil
}

// merged returns s with textures of equal pixels showing one image: exporters write the same
// picture in different files.
func merged(s *scene.Scene, pictures []picture) *scene.Scene {
	first := make([]int, len(pictures))
	seen := map[string]int{}
	for i := range pictures {
		img := pictures[i].pixels
		key := fmt.Sprint(img.Rect.Dx(), asset.Hash(img.Pix))
		if _, known := seen[key]; !known {
			seen[key] = i
		}
		first[i] = seen[key]
	}
	out := *s
	out.Textures = slices.Clone(s.Textures)
	for i := range out.Textures {
		if t := &out.Textures[i]; t.Source != scene.None {
			t.Source = first[t.Source]
		}
	}
	return &out
}

// uses fills in what materials do with the images.
func uses(s *scene.Scene, out []picture) {
	roles := make([][]textures.Role, len(out))
	for i, p := range out {
		out[i] = picture{pixels: p.pixels, stats: p.stats, faithful: p.faithful, idle: true}
	}
	surface := densities(s)
	for m := range s.Materials {
		for _, slot := range s.Materials[m].Slots() {
			t := s.Textures[slot.Texture]
			if t.Source == scene.None {
				continue
			}
			p := &out[t.Source]
			if p.idle {
				p.idle = false
				p.how.WrapS, p.how.WrapT = wraps(s, t)
			}
			p.used |= slot.Used
			// An image that only lends its alpha doesn't decide what its colors are.
			if slot.Used != textures.A && !slices.Contains(roles[t.Source], slot.Role) {
				roles[t.Source] = append(roles[t.Source], slot.Role)
			}
			switch {
			case slot.Name == "baseColorTexture" && slot.Used&textures.A != 0 && p.stats.Min[3] < 255:
				p.how.Alpha = true
				p.how.Cutoff = max(p.how.Cutoff, cutoff(&s.Materials[m]))
			case slot.Used&textures.RGB != 0:
				p.bare = true
			}
			d := surface[spot{m, slot.UV}]
			for axis := range 2 {
				p.texels[axis] = max(p.texels[axis], d[axis]/math.Max(math.Abs(slot.Transform[axis]), 1e-9))
			}
		}
	}
	for i := range out {
		out[i].how.Role = roleOf(roles[i])
		out[i].how.Alpha = out[i].how.Alpha && !out[i].bare
	}
}

// cutoff is the least alpha of the texture that m shows. Where materials differ, the
// largest counts. One that blends shows all there is, so there is none.
func cutoff(m *scene.Material) float64 {
	switch {
	case m.AlphaMode == scene.Blend:
		return math.Inf(1)
	case m.AlphaMode == scene.Mask && m.BaseColorFactor[3] > 0:
		return m.AlphaCutoff / m.BaseColorFactor[3]
	}
	return 0
}

// roleOf is the role of an image that is used in several: what is seen as light
// counts most.
func roleOf(roles []textures.Role) textures.Role {
	switch {
	case len(roles) == 1:
		return roles[0]
	case slices.ContainsFunc(roles, textures.Role.Light):
		return textures.Color
	}
	return textures.Data
}

func wraps(s *scene.Scene, t scene.Texture) (u, v textures.Wrap) {
	if t.Sampler == scene.None {
		return textures.Repeat, textures.Repeat
	}
	mode := map[int]textures.Wrap{scene.Repeat: textures.Repeat, scene.MirroredRepeat: textures.Mirror, scene.ClampToEdge: textures.Clamp}
	return mode[s.Samplers[t.Sampler].WrapS], mode[s.Samplers[t.Sampler].WrapT]
}

// size is the smallest edge of an image that has so many texels: a power of two for any viewer,
// in the web form a multiple of four, the blocks of codecs. It is never above the source's.
func size(need float64, form string, source int) int {
	n := smallestEdge
	for float64(n) < need && n < source {
		if form == asset.Web {
			n += 4
		} else {
			n *= 2
		}
	}
	return min(n, source)
}

// smallestEdge is the smallest image worth having, in texels.
const smallestEdge = 4

// fit returns the size of an image at which a texel is at most that many meters, or the
// source's own size where no smaller one will do.
func (p *picture) fit(texel float64, form string) (w, h int) {
	w, h = p.pixels.Rect.Dx(), p.pixels.Rect.Dy()
	switch {
	case !p.idle && p.stats.Constant(p.used):
		return 1, 1
	case p.idle || p.texels[0] == 0:
		return w, h
	}
	return size(p.texels[0]/texel, form, w), size(p.texels[1]/texel, form, h)
}

// texel is the size of a texel in meters if the image has w by h pixels; it is 0 if
// that is its source's size, or one pixel says all.
func (p *picture) texel(w, h int) float64 {
	out := 0.0
	if p.idle || p.stats.Constant(p.used) {
		return 0
	}
	for axis, n := range [2]int{w, h} {
		if n < [2]int{p.pixels.Rect.Dx(), p.pixels.Rect.Dy()}[axis] {
			out = max(out, p.texels[axis]/float64(n))
		}
	}
	return out
}
