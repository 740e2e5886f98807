package glb

import (
	"fmt"
	"maps"
	"slices"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/textures"
)

func (d *decoder) images() *scene.FormatError {
	used := make([]bool, len(d.doc.Images))
	for i, t := range d.doc.Textures {
		src, err := d.source(i, t)
		if err != nil {
			return err
		}
		if src != scene.None {
			used[src] = true
		}
	}
	// Images that lie over each other are written out one after the other, so a small
	// file could make a large one. Those that share a view stay one.
	texels, bytes, distinct := int64(0), int64(0), pieces{}
	var sizes textures.Sizes
	for i, img := range d.doc.Images {
		where := at("images", i)
		out := scene.Image{Name: img.Name, Extra: extra(item(d.root, "images", i))}
		var err *scene.FormatError
		switch {
		case img.BufferView != nil:
			// Shared with the file and with images of the same view: nothing writes to it.
			out.Data, err = d.view(where, *img.BufferView)
		case img.URI != "":
			out.Data, err = d.embedded(where, img.URI)
		default:
			err = scene.Bad(where, "has no data")
		}
		if err != nil && used[i] {
			return err
		}
		w, h, problem := sizes.Config(out.Data)
		switch {
		case err != nil || problem != nil && !used[i]:
			d.find("unused", scene.Note, where, "is used by no texture and can't be read; it is left out", "")
			out.Data = nil
		case problem != nil:
			return &scene.FormatError{Code: "image", Where: where, What: fmt.Sprintf("can't be read: %v", problem), Do: "export textures as PNG, JPEG or WebP"}
		case int64(w) > d.lim.Pixels/int64(h):
			return &scene.FormatError{
				Code: "limit", Where: where, What: fmt.Sprintf("has %d by %d pixels, the limit is %d in all", w, h, d.lim.Pixels),
				Do: "export textures of at most 4096 by 4096",
			}
		}
		if bytes += distinct.add(out.Data); bytes > 2*d.size {
			return &scene.FormatError{
				Code: "limit", Where: "images", What: fmt.Sprintf("have more than %d bytes together in a file of %d: they overlap", bytes, d.size),
				Do: "export the file again, with a buffer view for each image",
			}
		}
		if texels += int64(w) * int64(h); texels > d.lim.Texels {
			return scene.TooLarge("images", "pixels together", texels, d.lim.Texels)
		}
		out.MIME = textures.Sniff(out.Data)
		d.scene.Images = append(d.scene.Images, out)
	}
	return nil
}

// pieces are the parts of memory that images lie in.
type pieces map[textures.Place]bool

// add returns how many bytes data has that were not added before.
func (p pieces) add(data []byte) int64 {
	if p[textures.PlaceOf(data)] {
		return 0
	}
	p[textures.PlaceOf(data)] = true
	return int64(len(data))
}

// source is the image of a texture: WebP where there is one, else what the core
// names.
func (d *decoder) source(i int, t *gltf.Texture) (int, *scene.FormatError) {
	ext := extra(item(d.root, "textures", i)).Extensions
	if w, ok := ext[extWebP].(tree); ok {
		n := -1
		if _, err := fmt.Sscan(fmt.Sprint(w["source"]), &n); err != nil || n < 0 || n >= len(d.doc.Images) {
			return 0, scene.Bad(at("textures", i)+".extensions.EXT_texture_webp.source", "is %v, there are %d images", w["source"], len(d.doc.Images))
		}
		return n, nil
	}
	src, err := index(at("textures", i)+".source", t.Source, len(d.doc.Images))
	if err == nil && src == scene.None {
		for _, name := range slices.Sorted(maps.Keys(ext)) {
			if do, ok := unreadable[name]; ok {
				return 0, &scene.FormatError{Code: "extension", Where: at("textures", i), What: "has only a " + name + " image, which this version can't read", Do: do}
			}
		}
	}
	return src, err
}

func (d *decoder) textures() *scene.FormatError {
	for i, s := range d.doc.Samplers {
		t := item(d.root, "samplers", i)
		raw := func(key string, otherwise int) int {
			n := otherwise
			if v, ok := t[key]; ok {
				_, _ = fmt.Sscan(fmt.Sprint(v), &n) // checked as an enumeration
			}
			return n
		}
		d.scene.Samplers = append(d.scene.Samplers, scene.Sampler{
			Name: s.Name, Mag: raw("magFilter", 0), Min: raw("minFilter", 0),
			WrapS: raw("wrapS", scene.Repeat), WrapT: raw("wrapT", scene.Repeat), Extra: extra(t),
		})
	}
	for i, t := range d.doc.Textures {
		src, err := d.source(i, t)
		if err != nil {
			return err
		}
		sampler, err := index(at("textures", i)+".sampler", t.Sampler, len(d.doc.Samplers))
		if err != nil {
			return err
		}
		e := extra(item(d.root, "textures", i))
		for name := range e.Extensions {
			if _, packed := unreadable[name]; packed || name == extWebP {
				e = e.With(name, nil)
			}
		}
		d.scene.Textures = append(d.scene.Textures, scene.Texture{Name: t.Name, Sampler: sampler, Source: src, Extra: e})
	}
	return d.dropImages()
}

// dropImages takes out the images without data, which no texture uses.
func (d *decoder) dropImages() *scene.FormatError {
	number := make([]int, len(d.scene.Images))
	var kept []scene.Image
	for i, img := range d.scene.Images {
		if number[i] = len(kept); img.Data != nil {
			kept = append(kept, img)
		}
	}
	d.scene.Images = kept
	for i := range d.scene.Textures {
		if t := &d.scene.Textures[i]; t.Source != scene.None {
			t.Source = number[t.Source]
		}
	}
	return nil
}

func (d *decoder) materials() *scene.FormatError {
	modes := map[gltf.AlphaMode]scene.AlphaMode{gltf.AlphaOpaque: scene.Opaque, gltf.AlphaMask: scene.Mask, gltf.AlphaBlend: scene.Blend}
	for i, m := range d.doc.Materials {
		t := item(d.root, "materials", i)
		ref := func(parent tree, name string, index, uv int) *scene.TextureRef {
			child, _ := parent[name].(tree)
			return &scene.TextureRef{Texture: index, UV: uv, Extra: extra(child)}
		}
		out := scene.Material{
			Name: m.Name, BaseColorFactor: [4]float64{1, 1, 1, 1}, Metallic: 1, Roughness: 1,
			NormalScale: 1, OcclusionStrength: 1, EmissiveFactor: m.EmissiveFactor,
			AlphaMode: modes[m.AlphaMode], AlphaCutoff: m.AlphaCutoffOrDefault(), DoubleSided: m.DoubleSided, Extra: extra(t),
		}
		if p := m.PBRMetallicRoughness; p != nil {
			pt, _ := t["pbrMetallicRoughness"].(tree)
			out.PBR = extra(pt)
			out.BaseColorFactor, out.Metallic, out.Roughness = p.BaseColorFactorOrDefault(), p.MetallicFactorOrDefault(), p.RoughnessFactorOrDefault()
			if x := p.BaseColorTexture; x != nil {
				out.BaseColor = ref(pt, "baseColorTexture", x.Index, x.TexCoord)
			}
			if x := p.MetallicRoughnessTexture; x != nil {
				out.MetalRough = ref(pt, "metallicRoughnessTexture", x.Index, x.TexCoord)
			}
		}
		if x := m.NormalTexture; x != nil && x.Index != nil {
			out.Normal, out.NormalScale = ref(t, "normalTexture", *x.Index, x.TexCoord), x.ScaleOrDefault()
		}
		if x := m.OcclusionTexture; x != nil && x.Index != nil {
			out.Occlusion, out.OcclusionStrength = ref(t, "occlusionTexture", *x.Index, x.TexCoord), x.StrengthOrDefault()
		}
		if x := m.EmissiveTexture; x != nil {
			out.Emissive = ref(t, "emissiveTexture", x.Index, x.TexCoord)
		}
		d.scene.Materials = append(d.scene.Materials, out)
	}
	return nil
}
