package pipeline

import (
	"context"
	"fmt"
	"image"
	"math"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/scene"
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
				return &scene.FormatError{
					Code: "image", Where: fmt.Sprintf("images[%d]", i), What: fmt.Sprintf("can't be read: %v", err),
					Do: "export textures as PNG or JPEG",
				}
			}
			out[i].pixels, out[i].stats = img, textures.Analyse(img)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	uses(s, out)
	return out, nil
}

// uses fills in what materials do with the images.
func uses(s *scene.Scene, out []picture) {
	roles := make([][]textures.Role, len(out))
	for i := range out {
		out[i].idle = true
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
			if slot.Name == "baseColorTexture" && slot.Used&textures.A != 0 && p.stats.Min[3] < 255 {
				p.how.Alpha = true
				p.how.Cutoff = max(p.how.Cutoff, cutoff(&s.Materials[m]))
			}
			d := surface[spot{m, slot.UV}]
			for axis := range 2 {
				p.texels[axis] = max(p.texels[axis], d[axis]/math.Max(math.Abs(slot.Transform[axis]), 1e-9))
			}
		}
	}
	for i := range out {
		out[i].how.Role = roleOf(roles[i])
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

// spot is a set of texture coordinates under a material.
type spot struct{ material, uv int }

// share of the surface on which a texel must be no larger than allowed. The last
// tenth is seams, undersides and stretched corners.
const share = 0.9

// densities returns, for each material and set of coordinates, how many meters of
// surface one unit of u and of v covers: on 90 % of the area, no more.
func densities(s *scene.Scene) map[spot][2]float64 {
	type sample struct {
		meters [2]float64
		area   float64
	}
	// A mesh counts once, where it stands largest.
	largest := map[int]scene.Mat{}
	rest := s.Rest()
	scales := map[int]scene.Mat{}
	for _, place := range s.Placements() {
		at := place.At
		if place.Skin != scene.None {
			if _, ok := scales[place.Skin]; !ok {
				scales[place.Skin] = skinScale(s, place.Skin, rest)
			}
			at = scales[place.Skin]
		}
		if old, ok := largest[place.Mesh]; !ok || at.Stretch() > old.Stretch() {
			largest[place.Mesh] = at
		}
	}
	all := map[spot][][]sample{}
	for m := range s.Meshes {
		at, placed := largest[m]
		if !placed {
			continue
		}
		prims := s.Meshes[m].Primitives
		for i := range prims {
			p := &prims[i]
			list := p.TriangleList()
			if p.Attribute("POSITION") == nil || len(list) == 0 {
				continue
			}
			points := p.Attribute("POSITION").Vec3()
			for k := range points {
				points[k] = at.Point(points[k])
			}
			for set := 0; ; set++ {
				a := p.Attribute(fmt.Sprintf("TEXCOORD_%d", set))
				if a == nil {
					break
				}
				uv := a.Vec2()
				var samples []sample
				for t := 0; t < len(list); t += 3 {
					i, j, k := list[t], list[t+1], list[t+2]
					if m, ok := metersPerUnit(points[i], points[j], points[k], uv[i], uv[j], uv[k]); ok {
						samples = append(samples, sample{m, mesh.Area(points[i], points[j], points[k])})
					}
				}
				for _, m := range p.Materials() {
					all[spot{m, set}] = append(all[spot{m, set}], samples)
				}
			}
		}
	}
	out := map[spot][2]float64{}
	for at, lists := range all {
		samples := slices.Concat(lists...)
		total := 0.0
		for _, x := range samples {
			total += x.area
		}
		var result [2]float64
		for axis := range 2 {
			slices.SortFunc(samples, func(a, b sample) int {
				switch {
				case a.meters[axis] < b.meters[axis]:
					return -1
				case a.meters[axis] > b.meters[axis]:
					return 1
				}
				return 0
			})
			sum := 0.0
			for _, x := range samples {
				if sum += x.area; sum >= share*total {
					result[axis] = x.meters[axis]
					break
				}
			}
		}
		out[at] = result
	}
	return out
}

// skinScale is the scale at which joints show a skinned mesh: the largest of any.
func skinScale(s *scene.Scene, skin int, world []*scene.Mat) scene.Mat {
	most := 0.0
	for _, j := range s.JointMatrices(skin, world) {
		most = max(most, j.Stretch())
	}
	return scene.Mat{0: most, 5: most, 10: most, 15: 1}
}

// metersPerUnit is the length of the derivatives of the surface along u and v; ok is
// false where the texture is squeezed to a line.
func metersPerUnit(a, b, c [3]float32, ta, tb, tc [2]float32) (out [2]float64, ok bool) {
	du1, dv1 := float64(tb[0])-float64(ta[0]), float64(tb[1])-float64(ta[1])
	du2, dv2 := float64(tc[0])-float64(ta[0]), float64(tc[1])-float64(ta[1])
	det := float64(du1*dv2) - float64(du2*dv1)
	if math.Abs(det) < 1e-14 {
		return out, false
	}
	var u, v float64
	for k := range 3 {
		e1, e2 := float64(b[k])-float64(a[k]), float64(c[k])-float64(a[k])
		x := (float64(e1*dv2) - float64(e2*dv1)) / det
		y := (float64(e2*du1) - float64(e1*du2)) / det
		u, v = u+float64(x*x), v+float64(y*y)
	}
	return [2]float64{math.Sqrt(u), math.Sqrt(v)}, true
}

// fit returns the size of an image at which a texel is at most that many meters: a
// power of two along each axis, or the source's own size where no smaller one
// will do.
func (p *picture) fit(texel float64) (w, h int) {
	size := [2]int{p.pixels.Rect.Dx(), p.pixels.Rect.Dy()}
	if !p.idle && p.stats.Constant(p.used) {
		return 1, 1
	}
	if p.idle || p.texels[0] == 0 {
		return size[0], size[1]
	}
	for axis := range 2 {
		need := 4 // the smallest worth having
		for float64(need)*texel < p.texels[axis] && need < size[axis] {
			need *= 2
		}
		size[axis] = min(size[axis], need)
	}
	return size[0], size[1]
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

// fold returns s with textures that have one value all over turned into the
// factors of their materials, where a factor means the same.
func fold(s *scene.Scene, pictures []picture) *scene.Scene {
	out := *s
	out.Materials = slices.Clone(s.Materials)
	for i := range out.Materials {
		out.Materials[i] = foldMaterial(s, &s.Materials[i], pictures)
	}
	return out.Prune()
}

// carried are the pictures of what is left of a scene's images after folding, which
// are pieces of the same memory, with their uses found anew.
func carried(before, after *scene.Scene, pictures []picture) []picture {
	out := make([]picture, len(after.Images))
	next := 0
	for i, img := range after.Images { // pruning keeps the order
		for &before.Images[next].Data[0] != &img.Data[0] {
			next++
		}
		out[i].pixels, out[i].stats = pictures[next].pixels, pictures[next].stats
		next++
	}
	uses(after, out)
	return out
}

func foldMaterial(s *scene.Scene, m *scene.Material, pictures []picture) scene.Material {
	factors := *m
	kept := m.Retexture(func(slot scene.Slot) int {
		src := s.Textures[slot.Texture].Source
		if src == scene.None || !pictures[src].stats.Constant(slot.Used) {
			return slot.Texture
		}
		c := pictures[src].stats.Min
		light := func(k int) float64 { return tidy(textures.Linear(float64(c[k]) / 255)) }
		switch slot.Name {
		case "baseColorTexture":
			for k := range 3 {
				factors.BaseColorFactor[k] = tidy(factors.BaseColorFactor[k] * light(k))
			}
			if m.AlphaMode != scene.Opaque {
				factors.BaseColorFactor[3] = tidy(factors.BaseColorFactor[3] * float64(c[3]) / 255)
			}
		case "metallicRoughnessTexture":
			factors.Roughness = tidy(factors.Roughness * float64(c[1]) / 255)
			factors.Metallic = tidy(factors.Metallic * float64(c[2]) / 255)
		case "emissiveTexture":
			for k := range 3 {
				factors.EmissiveFactor[k] = tidy(factors.EmissiveFactor[k] * light(k))
			}
		case "occlusionTexture":
			if c[0] != 255 {
				return slot.Texture
			}
		case "normalTexture":
			if c[0] < 127 || c[0] > 128 || c[1] < 127 || c[1] > 128 || c[2] < 254 {
				return slot.Texture
			}
		default:
			return slot.Texture
		}
		return scene.None
	})
	kept.BaseColorFactor, kept.Roughness, kept.Metallic, kept.EmissiveFactor = factors.BaseColorFactor, factors.Roughness, factors.Metallic, factors.EmissiveFactor
	return kept
}

// tidy rounds to nine digits after the point, so that the last bit of a power does
// not depend on the processor.
func tidy(x float64) float64 { return math.Round(x*1e9) / 1e9 }

// coding is one image at one size.
type coding struct{ image, w, h int }

// coded images are made once for all levels that want them.
type codings map[coding]textures.Coded

// make codes what is wanted and not there yet. done is told the share that is made,
// from one goroutine at a time.
func (c codings) make(ctx context.Context, s *scene.Scene, pictures []picture, r Recipe, wanted []coding, done func(float64)) error {
	var todo []coding
	listed := map[coding]bool{}
	for _, w := range wanted {
		if _, made := c[w]; !made && !listed[w] {
			todo, listed[w] = append(todo, w), true
		}
	}
	results := make([]textures.Coded, len(todo))
	var lock sync.Mutex
	made := 0
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, want := range todo {
		group.Go(func() (err error) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			results[i], err = code(&s.Images[want.image], &pictures[want.image], want, r)
			lock.Lock()
			defer lock.Unlock()
			made++
			done(float64(made) / float64(len(todo)))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, want := range todo {
		c[want] = results[i]
	}
	return nil
}

// code makes one image. At its source's size, the source's own bytes are taken unless
// coding anew saves a tenth of them.
func code(img *scene.Image, p *picture, want coding, r Recipe) (textures.Coded, error) {
	pixels := p.pixels
	same := want.w == pixels.Rect.Dx() && want.h == pixels.Rect.Dy()
	asIs := textures.Coded{Data: img.Data, MIME: img.MIME, PSNR: math.Inf(1)}
	universal := img.MIME == textures.PNG || img.MIME == textures.JPEG
	if same && universal && p.idle {
		return asIs, nil
	}
	if !same {
		pixels = textures.Resize(pixels, want.w, want.h, p.how)
	}
	q := r.Roles[p.how.Role]
	out, err := textures.Encode(pixels, textures.Use{
		Role: p.how.Role, Used: p.used, Quality: textures.Quality{PSNR: q.PSNR, Angle: q.Angle, Noisy: q.Noisy, Shift: q.Shift},
	})
	if same && universal && 10*len(out.Data) > 9*len(img.Data) {
		return asIs, err
	}
	return out, err
}
