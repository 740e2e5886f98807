package pipeline

import (
	"context"
	"fmt"
	"image"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// decoded is an image of the source and what its pixels hold.
type decoded struct {
	pixels *image.NRGBA
	stats  textures.Stats
	// faithful says that its file shows what was decoded to any viewer.
	faithful bool
	source   int // its number among the source's
}

// A picture is an image of the source with all that is known of its use.
type picture struct {
	decoded
	how    textures.Resample
	used   textures.Channels
	texels density         // meters of surface along u and v for all of the image, where a use stretches it most
	alpha  scene.AlphaMode // what its alpha means as opacity; where uses differ, Blend counts most; "" for none
	idle   bool            // no material uses it
	// bare says that a material shows its colors whatever its alpha.
	bare bool
	// mixed says that it is light to one slot and numbers to another.
	mixed bool
	// abnormal says that it is used as normals, and hardly a pixel is one.
	abnormal bool
}

// use is what an image is coded for. Colors that one material hides by their alpha and another
// shows are data, and so is light that something reads numbers from: each channel must be
// right by itself.
func (p *picture) use(r Recipe) textures.Use {
	u := textures.Use{Role: p.how.Role, Used: p.used}
	switch {
	case p.idle:
		u.Role, u.Used = textures.Color, textures.RGB|textures.A
	case p.mixed, p.bare && p.used&textures.A != 0 && p.stats.Min[3] < 255:
		u.Role = textures.Data
	}
	u.Quality = r.Roles[u.Role].Quality()
	if light := r.Roles[p.how.Role].Quality(); u.Role == textures.Data && p.how.Role.Light() {
		u.Quality.PSNR = max(u.Quality.PSNR, light.PSNR)
		u.Quality.Shift, u.Quality.Detail = light.Shift, light.Detail
	}
	return u
}

// pixelsRead is how many pixels are decoded at a time: decoders take up to 24 bytes for
// each beside the image they make.
const pixelsRead = 1 << 25

// studyImages decodes all images and finds what they are for.
func studyImages(ctx context.Context, s *scene.Scene, limit int64) ([]picture, error) {
	out := make([]picture, len(s.Images))
	room := semaphore.NewWeighted(pixelsRead)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range s.Images {
		group.Go(func() error {
			head, err := textures.Inspect(s.Images[i].Data)
			if err != nil {
				return unreadable(i, err)
			}
			size := min(int64(head.Width)*int64(head.Height), pixelsRead)
			if err := room.Acquire(ctx, size); err != nil {
				return err
			}
			defer room.Release(size)
			img, err := textures.Decode(s.Images[i].Data, limit)
			if err != nil {
				return unreadable(i, err)
			}
			out[i].decoded = decoded{img, textures.Analyse(img), len(head.Notes) == 0, i}
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
	first := firsts(pictures)
	out := *s
	out.Textures = slices.Clone(s.Textures)
	for i := range out.Textures {
		if t := &out.Textures[i]; t.Source != scene.None {
			t.Source = first[t.Source]
		}
	}
	return &out
}

// kindOf is the role, but one for all light: that is treated the same.
func kindOf(r textures.Role) textures.Role {
	if r.Light() {
		return textures.Color
	}
	return r
}

// firsts is, of each picture, the first that has the same pixels and is treated the same. One that
// nothing uses is as good as any.
func firsts(pictures []picture) []int {
	out := make([]int, len(pictures))
	seen := map[string]int{}
	for i := range pictures {
		p := &pictures[i]
		pixels := fmt.Sprint(p.pixels.Rect.Dx(), asset.Hash(p.pixels.Pix))
		how := p.how
		how.Role = kindOf(how.Role)
		key := fmt.Sprint(pixels, how, p.mixed)
		if p.idle {
			key = pixels
		}
		for _, k := range []string{key, pixels} {
			if _, known := seen[k]; !known {
				seen[k] = i
			}
		}
		out[i] = seen[key]
	}
	return out
}

// carried are the pictures of another scene that was made from one with those, whose images
// are pieces of the same memory, with their uses found anew.
func carried(before, after *scene.Scene, pictures []picture) []picture {
	at := map[*byte]int{}
	for i, img := range before.Images {
		if _, known := at[&img.Data[0]]; !known {
			at[&img.Data[0]] = i
		}
	}
	out := make([]picture, len(after.Images))
	for i, img := range after.Images {
		out[i].decoded = pictures[at[&img.Data[0]]].decoded
	}
	uses(after, out)
	return out
}

// uses fills in what materials do with the images.
func uses(s *scene.Scene, out []picture) {
	roles := make([][]textures.Role, len(out))
	for i, p := range out {
		out[i] = picture{decoded: p.decoded, idle: true}
	}
	surface := densities(s)
	for m := range s.Materials {
		for _, slot := range s.Materials[m].Slots() {
			t := s.Textures[slot.Texture]
			if t.Source == scene.None {
				continue
			}
			p := &out[t.Source]
			p.wrap(s, t)
			p.used |= slot.Used
			// An image that only lends its alpha doesn't decide what its colors are.
			if slot.Used&textures.RGB != 0 && !slices.Contains(roles[t.Source], slot.Role) {
				roles[t.Source] = append(roles[t.Source], slot.Role)
			}
			p.blend(&s.Materials[m], slot)
			d := surface[mappingOf(m, slot)]
			for share := range d {
				for axis := range 2 {
					p.texels[share][axis] = max(p.texels[share][axis], d[share][axis])
				}
			}
		}
	}
	for i := range out {
		p := &out[i]
		p.how.Role, p.mixed = roleOf(roles[i])
		if p.how.Role == textures.Normal && !textures.IsNormalMap(p.pixels) {
			p.how.Role, p.abnormal = textures.Data, true
		}
		p.how.Alpha = p.alpha != "" && !p.bare
	}
}

// wrap notes how a texture goes on beyond the image's edges. Where uses differ, one that
// repeats it counts most, then one that mirrors it: there is something beyond the edge.
func (p *picture) wrap(s *scene.Scene, t scene.Texture) {
	u, v := wraps(s, t)
	if !p.idle {
		u, v = min(u, p.how.WrapS), min(v, p.how.WrapT)
	}
	p.how.WrapS, p.how.WrapT, p.idle = u, v, false
}

// blend notes what a slot does with the image's alpha. One that reads it as a number
// needs it as it is, so nothing is to be a cutoff.
func (p *picture) blend(m *scene.Material, slot scene.Slot) {
	alpha := slot.Used&textures.A != 0 && p.stats.Min[3] < 255
	switch {
	case alpha && slot.Opacity():
		if p.alpha != scene.Blend {
			p.alpha = m.AlphaMode
		}
		p.how.Cutoff = max(p.how.Cutoff, cutoff(m, slot))
	case alpha:
		p.how.Cutoff = math.Inf(1)
		p.bare = p.bare || slot.Used&textures.RGB != 0
	case slot.Used&textures.RGB != 0:
		p.bare = true
	}
}

// cutoff is the least alpha of the texture that m shows. Where materials differ, the
// largest counts. One that blends shows all there is, so there is none.
func cutoff(m *scene.Material, slot scene.Slot) float64 {
	factor := opacity(m, slot)
	switch {
	case m.AlphaMode == scene.Blend:
		return math.Inf(1)
	case m.AlphaMode == scene.Mask && factor > 0:
		return m.AlphaCutoff / factor
	}
	return 0
}

// roleOf is the role of an image that is used in several: what is seen as light
// counts most. mixed says that not all of them are light.
func roleOf(roles []textures.Role) (role textures.Role, mixed bool) {
	switch {
	case len(roles) == 1:
		return roles[0], false
	case slices.ContainsFunc(roles, textures.Role.Light):
		return textures.Color, slices.ContainsFunc(roles, func(r textures.Role) bool { return !r.Light() })
	}
	return textures.Data, false
}

// opacity is what the alpha of a slot is multiplied by.
func opacity(m *scene.Material, slot scene.Slot) float64 {
	if slot.Name == "baseColorTexture" {
		return m.BaseColorFactor[3]
	}
	all, ok := factors[slot.Name][0].of(m)
	if !ok {
		return 1
	}
	return all[3]
}

func wraps(s *scene.Scene, t scene.Texture) (u, v textures.Wrap) {
	if t.Sampler == scene.None {
		return textures.Repeat, textures.Repeat
	}
	mode := map[int]textures.Wrap{scene.Repeat: textures.Repeat, scene.MirroredRepeat: textures.Mirror, scene.ClampToEdge: textures.Clamp}
	return mode[s.Samplers[t.Sampler].WrapS], mode[s.Samplers[t.Sampler].WrapT]
}
