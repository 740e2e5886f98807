package glb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/scene"
)

// tree is a JSON object as it stands in the file; its numbers are json.Number.
type tree = map[string]any

// known are the properties of each kind of object (glTF 2.0, section 5). What
// isn't here is told as a finding, because it is not written again.
var known = map[string]string{
	"":            "asset accessors animations buffers bufferViews cameras images materials meshes nodes samplers scene scenes skins textures extensionsUsed extensionsRequired",
	"asset":       "copyright generator version minVersion",
	"accessors":   "name bufferView byteOffset componentType normalized count type max min sparse",
	"animations":  "name channels samplers",
	"buffers":     "name uri byteLength",
	"bufferViews": "name buffer byteOffset byteLength byteStride target",
	"cameras":     "name type orthographic perspective",
	"images":      "name uri mimeType bufferView",
	"materials":   "name pbrMetallicRoughness normalTexture occlusionTexture emissiveTexture emissiveFactor alphaMode alphaCutoff doubleSided",
	"meshes":      "name primitives weights",
	"nodes":       "name camera children skin matrix mesh rotation scale translation weights",
	"samplers":    "name magFilter minFilter wrapS wrapT",
	"scenes":      "name nodes",
	"skins":       "name inverseBindMatrices skeleton joints",
	"textures":    "name sampler source",
}

// lists are the arrays of objects at the top.
var lists = []string{
	"accessors", "animations", "buffers", "bufferViews", "cameras", "images", "materials", "meshes", "nodes",
	"samplers", "scenes", "skins", "textures",
}

// parse reads the structure twice: as a tree, which is checked and kept for what
// the library doesn't model, and into the library's document. No object of a
// list is nil in what it returns, and every enumeration holds a value of glTF.
func parse(text []byte) (tree, *gltf.Document, []scene.Finding, *scene.FormatError) {
	var root tree
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&root); err != nil {
		return nil, nil, nil, scene.Bad("the JSON", "can't be parsed: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) && len(bytes.Trim(text[dec.InputOffset():], " \t\r\n\x00")) > 0 {
		return nil, nil, nil, scene.Bad("the JSON", "goes on after its end")
	}
	var findings []scene.Finding
	if err := shape(root, &findings); err != nil {
		return nil, nil, nil, err
	}
	var doc gltf.Document
	if err := json.Unmarshal(bytes.TrimRight(text, "\x00 \t\r\n"), &doc); err != nil {
		return nil, nil, nil, scene.Bad("the JSON", "is not glTF: %v", strings.TrimPrefix(err.Error(), "json: "))
	}
	return root, &doc, findings, sameShape(root, &doc)
}

// sameShape makes sure the two readings agree on what there is: JSON with a key
// twice, or in other case, could differ.
func sameShape(root tree, doc *gltf.Document) *scene.FormatError {
	for name, n := range map[string]int{
		"accessors": len(doc.Accessors), "animations": len(doc.Animations), "buffers": len(doc.Buffers),
		"bufferViews": len(doc.BufferViews), "cameras": len(doc.Cameras), "images": len(doc.Images),
		"materials": len(doc.Materials), "meshes": len(doc.Meshes), "nodes": len(doc.Nodes),
		"samplers": len(doc.Samplers), "scenes": len(doc.Scenes), "skins": len(doc.Skins), "textures": len(doc.Textures),
	} {
		if n != len(items(root, name)) {
			return scene.Bad(name, "is ambiguous: a key occurs twice or in another case")
		}
	}
	for i, m := range doc.Meshes {
		if len(m.Primitives) != len(items(item(root, "meshes", i), "primitives")) {
			return scene.Bad(at("meshes", i)+".primitives", "is ambiguous")
		}
		if slices.Contains(m.Primitives, nil) {
			return scene.Bad(at("meshes", i)+".primitives", "has an empty entry")
		}
	}
	for i, a := range doc.Animations {
		t := item(root, "animations", i)
		if len(a.Channels) != len(items(t, "channels")) || len(a.Samplers) != len(items(t, "samplers")) ||
			slices.Contains(a.Channels, nil) || slices.Contains(a.Samplers, nil) {
			return scene.Bad(at("animations", i), "is ambiguous")
		}
	}
	empty := slices.Contains(doc.Accessors, nil) || slices.Contains(doc.Animations, nil) || slices.Contains(doc.Buffers, nil) ||
		slices.Contains(doc.BufferViews, nil) || slices.Contains(doc.Cameras, nil) || slices.Contains(doc.Images, nil) ||
		slices.Contains(doc.Materials, nil) || slices.Contains(doc.Meshes, nil) || slices.Contains(doc.Nodes, nil) ||
		slices.Contains(doc.Samplers, nil) || slices.Contains(doc.Scenes, nil) || slices.Contains(doc.Skins, nil) ||
		slices.Contains(doc.Textures, nil)
	if empty {
		return scene.Bad("the JSON", "has an empty entry in a list")
	}
	return nil
}

// shape checks that lists hold objects and enumerations hold values of glTF.
func shape(root tree, findings *[]scene.Finding) *scene.FormatError {
	asset, ok := root["asset"].(tree)
	if !ok {
		return scene.Bad("asset", "is missing")
	}
	if v, _ := asset["version"].(string); !strings.HasPrefix(v, "2.") {
		return &scene.FormatError{Code: "version", Where: "asset.version", What: fmt.Sprintf("is %q, not 2.0", v), Do: "export it as glTF 2.0"}
	}
	unknown := map[string]bool{}
	note := func(where, kind string, t tree) {
		for key := range t {
			if !strings.Contains(" "+known[kind]+" extensions extras ", " "+key+" ") {
				unknown[strings.TrimPrefix(where+"."+key, ".")] = true
			}
		}
	}
	note("", "", root)
	note("asset", "asset", asset)
	for _, name := range lists {
		list, ok := root[name].([]any)
		if !ok && root[name] != nil {
			return scene.Bad(name, "is not a list")
		}
		for i, v := range list {
			t, ok := v.(tree)
			if !ok {
				return scene.Bad(at(name, i), "is not an object")
			}
			note(name+"[]", name, t)
			if err := enumerations(name, at(name, i), t); err != nil {
				return err
			}
		}
	}
	for _, where := range slices.Sorted(maps.Keys(unknown)) {
		*findings = append(*findings, scene.Finding{
			Code: "unknown", Severity: scene.Note, Where: where,
			What: "is no property of glTF 2.0 and is left out", Do: "put it into extras to keep it",
		})
	}
	return nil
}

// enumerations checks the values that the library would read as something else.
func enumerations(list, where string, t tree) *scene.FormatError {
	in := where
	one := func(t tree, key string, must bool, values ...string) *scene.FormatError {
		v, ok := t[key]
		if !ok && !must {
			return nil
		}
		if got := fmt.Sprint(v); !ok || !slices.Contains(values, got) {
			return scene.Bad(in+"."+key, "is %.40q, not one of %s", got, strings.Join(values, ", "))
		}
		return nil
	}
	each := func(key string, check func(tree) *scene.FormatError) *scene.FormatError {
		children, ok := t[key].([]any)
		if !ok && t[key] != nil {
			return scene.Bad(where+"."+key, "is not a list")
		}
		for i, v := range children {
			child, ok := v.(tree)
			if !ok {
				return scene.Bad(where+at("."+key, i), "is not an object")
			}
			in = where + at("."+key, i)
			if err := check(child); err != nil {
				return err
			}
		}
		in = where
		return nil
	}
	wrap := []string{"33071", "33648", "10497"}
	switch list {
	case "accessors":
		if err := one(t, "componentType", true, "5120", "5121", "5122", "5123", "5125", "5126"); err != nil {
			return err
		}
		if s, ok := t["sparse"].(tree); ok {
			indices, _ := s["indices"].(tree)
			if err := one(indices, "componentType", true, "5121", "5123", "5125"); err != nil {
				return err
			}
		}
		return one(t, "type", true, "SCALAR", "VEC2", "VEC3", "VEC4", "MAT2", "MAT3", "MAT4")
	case "materials":
		return one(t, "alphaMode", false, "OPAQUE", "MASK", "BLEND")
	case "samplers":
		return cmpErr(one(t, "magFilter", false, "9728", "9729"), one(t, "minFilter", false, "9728", "9729", "9984", "9985", "9986", "9987"),
			one(t, "wrapS", false, wrap...), one(t, "wrapT", false, wrap...))
	case "meshes":
		return each("primitives", func(p tree) *scene.FormatError {
			return one(p, "mode", false, "0", "1", "2", "3", "4", "5", "6")
		})
	case "animations":
		err := each("samplers", func(s tree) *scene.FormatError {
			return one(s, "interpolation", false, "LINEAR", "STEP", "CUBICSPLINE")
		})
		return cmpErr(err, each("channels", func(c tree) *scene.FormatError {
			target, _ := c["target"].(tree)
			return one(target, "path", true, "translation", "rotation", "scale", "weights", "pointer")
		}))
	case "cameras":
		return one(t, "type", true, "perspective", "orthographic")
	}
	return nil
}

func cmpErr(errs ...*scene.FormatError) *scene.FormatError {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

func at(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

// items is a list of objects in a tree; parse has checked that they are objects.
func items(t tree, name string) []any {
	list, _ := t[name].([]any)
	return list
}

func item(t tree, name string, i int) tree {
	list := items(t, name)
	if i >= len(list) {
		return nil
	}
	child, _ := list[i].(tree)
	return child
}

// strip takes an extension out wherever it is.
func strip(v any, name string) {
	switch v := v.(type) {
	case tree:
		if ext, ok := v["extensions"].(tree); ok {
			delete(ext, name)
		}
		for _, child := range v {
			strip(child, name)
		}
	case []any:
		for _, child := range v {
			strip(child, name)
		}
	}
}

// extra is what an object carries beside the core.
func extra(t tree) scene.Extra {
	ext, _ := t["extensions"].(tree)
	if len(ext) == 0 {
		ext = nil
	}
	return scene.Extra{Extensions: ext, Extras: t["extras"]}
}
