package glb

import (
	"strings"

	"github.com/plinth3d/plinth/mesh/scene"
)

const quantization = "KHR_mesh_quantization"

// inCore says whether the core of glTF stores an attribute of a mesh in components such
// as a has (section 3.7.2.1). Only names whose kinds KHR_mesh_quantization adds to count.
func inCore(name string, a *scene.Array) bool {
	switch {
	case a.Kind == scene.Float32:
		return true
	case name == "POSITION" || name == "NORMAL" || name == "TANGENT":
		return false
	case strings.HasPrefix(name, "TEXCOORD_"):
		return a.Normalized && (a.Kind == scene.Uint8 || a.Kind == scene.Uint16)
	}
	return true
}

// inMorph is the same for an attribute of a morph target (section 3.7.2.2).
func inMorph(name string, a *scene.Array) bool {
	return inCore(name, a) || strings.HasPrefix(name, "TEXCOORD_") && a.Normalized && a.Kind.Size() <= 2
}

// inQuantization says whether KHR_mesh_quantization stores what the core doesn't
// ("Extending Mesh Attributes", "Extending Morph Target Attributes").
func inQuantization(name string, a *scene.Array, morph bool) bool {
	signed := a.Kind == scene.Int8 || a.Kind == scene.Int16
	switch {
	case name == "NORMAL" || name == "TANGENT":
		return signed && a.Normalized
	case name == "POSITION":
		return signed || a.Kind.Size() <= 2 && !morph
	}
	return a.Kind.Size() <= 2 && !morph
}
