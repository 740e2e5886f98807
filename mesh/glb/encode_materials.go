package glb

import (
	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/textures"
)

func (e *encoder) materials() {
	alpha := map[scene.AlphaMode]gltf.AlphaMode{scene.Opaque: gltf.AlphaOpaque, scene.Mask: gltf.AlphaMask, scene.Blend: gltf.AlphaBlend}
	info := func(r *scene.TextureRef) *gltf.TextureInfo {
		if r == nil {
			return nil
		}
		return &gltf.TextureInfo{Index: r.Texture, TexCoord: r.UV, Extensions: r.Extensions, Extras: r.Extras}
	}
	for i := range e.scene.Materials {
		m := &e.scene.Materials[i]
		out := &gltf.Material{
			Name: m.Name, AlphaMode: alpha[m.AlphaMode], DoubleSided: m.DoubleSided, EmissiveFactor: m.EmissiveFactor,
			EmissiveTexture: info(m.Emissive), Extensions: m.Extensions, Extras: m.Extras,
			PBRMetallicRoughness: &gltf.PBRMetallicRoughness{
				BaseColorFactor: &m.BaseColorFactor, MetallicFactor: &m.Metallic, RoughnessFactor: &m.Roughness,
				BaseColorTexture: info(m.BaseColor), MetallicRoughnessTexture: info(m.MetalRough),
				Extensions: m.PBR.Extensions, Extras: m.PBR.Extras,
			},
		}
		if m.AlphaMode == scene.Mask {
			out.AlphaCutoff = &m.AlphaCutoff
		}
		if r := m.Normal; r != nil {
			out.NormalTexture = &gltf.NormalTexture{Index: &r.Texture, TexCoord: r.UV, Scale: &m.NormalScale, Extensions: r.Extensions, Extras: r.Extras}
		}
		if r := m.Occlusion; r != nil {
			out.OcclusionTexture = &gltf.OcclusionTexture{Index: &r.Texture, TexCoord: r.UV, Strength: &m.OcclusionStrength, Extensions: r.Extensions, Extras: r.Extras}
		}
		e.doc.Materials = append(e.doc.Materials, out)
	}
}

// extWebP is in files whose textures are WebP.
const extWebP = "EXT_texture_webp"

func (e *encoder) webp(t scene.Texture) bool {
	return t.Source != scene.None && e.scene.Images[t.Source].MIME == "image/webp"
}

func (e *encoder) images() {
	for _, s := range e.scene.Samplers {
		e.doc.Samplers = append(e.doc.Samplers, &gltf.Sampler{
			Name: s.Name, MagFilter: magFilters[s.Mag], MinFilter: minFilters[s.Min],
			WrapS: wraps[s.WrapS], WrapT: wraps[s.WrapT], Extensions: s.Extensions, Extras: s.Extras,
		})
	}
	for _, t := range e.scene.Textures {
		out := &gltf.Texture{Name: t.Name, Sampler: optional(t.Sampler), Source: optional(t.Source), Extensions: t.Extensions, Extras: t.Extras}
		if e.webp(t) {
			out.Source = nil
			out.Extensions = t.With(extWebP, map[string]any{"source": t.Source}).Extensions
		}
		e.doc.Textures = append(e.doc.Textures, out)
	}
	views := map[textures.Place]int{} // images that are one piece of memory are stored once
	level := map[textures.Place]int{}
	for i, img := range e.scene.Images {
		at := textures.PlaceOf(img.Data)
		level[at] = max(level[at], e.levels.ImageLevels[i])
	}
	for _, img := range e.scene.Images {
		view, seen := views[textures.PlaceOf(img.Data)]
		if !seen {
			view = e.newView(shelf{layout: layout{level: level[textures.PlaceOf(img.Data)], rank: e.rank("", "")}, data: img.Data})
			views[textures.PlaceOf(img.Data)] = view
		}
		e.doc.Images = append(e.doc.Images, &gltf.Image{
			Name: img.Name, MimeType: img.MIME, BufferView: &view, Extensions: img.Extensions, Extras: img.Extras,
		})
	}
}

// The library counts filters and wrap modes from 0; these are glTF's numbers.
var (
	magFilters = map[int]gltf.MagFilter{9728: gltf.MagNearest, 9729: gltf.MagLinear}
	minFilters = map[int]gltf.MinFilter{
		9728: gltf.MinNearest, 9729: gltf.MinLinear, 9984: gltf.MinNearestMipMapNearest, 9985: gltf.MinLinearMipMapNearest,
		9986: gltf.MinNearestMipMapLinear, 9987: gltf.MinLinearMipMapLinear,
	}
	wraps = map[int]gltf.WrappingMode{scene.ClampToEdge: gltf.WrapClampToEdge, scene.MirroredRepeat: gltf.WrapMirroredRepeat, scene.Repeat: gltf.WrapRepeat}
)
