package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/meshtest"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
)

// model is one input: as one mesh in the world, and as a file.
type model struct {
	name string
	mesh *mesh.Mesh
	glb  []byte
}

func load(file string) (model, error) {
	m := model{name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))}
	data, err := os.ReadFile(file)
	if err != nil {
		return m, err
	}
	switch filepath.Ext(file) {
	case ".obj":
		m.mesh, err = meshtest.ReadOBJ(bytes.NewReader(data))
	case ".ply":
		m.mesh, err = meshtest.ReadPLY(bytes.NewReader(data))
	default:
		m.glb = data
		m.mesh, err = pipeline.Surface(data, recipe())
		return m, err
	}
	if err != nil {
		return m, err
	}
	m.mesh.Normals = meshtest.SmoothNormals(m.mesh)
	m.glb, err = file1(m.mesh)
	return m, err
}

// recipe is the built-in one with room for scans.
func recipe() pipeline.Recipe {
	r := pipeline.Default()
	r.Limits.Bytes = 1 << 30
	return r
}

// file1 is a mesh as a GLB with one primitive.
func file1(m *mesh.Mesh) ([]byte, error) {
	p := scene.Primitive{Mode: scene.Triangles, Indices: m.Indices, Material: 0, Attributes: []scene.Attribute{
		{Name: "NORMAL", Array: scene.Floats(m.Normals)}, {Name: "POSITION", Array: scene.Floats(m.Positions)},
	}}
	for _, set := range m.UVs {
		p.Attributes = append(p.Attributes, scene.Attribute{Name: "TEXCOORD_0", Array: scene.Floats(set)})
	}
	return glb.Encode(&scene.Scene{
		Default: 0, Scenes: []scene.Roots{{Nodes: []int{0}}},
		Nodes: []scene.Node{{
			Mesh: 0, Skin: scene.None, Camera: scene.None, Rotation: [4]float64{0, 0, 0, 1}, Scale: [3]float64{1, 1, 1},
		}},
		Meshes:    []scene.Mesh{{Primitives: []scene.Primitive{p}}},
		Materials: []scene.Material{{BaseColorFactor: [4]float64{1, 1, 1, 1}, Roughness: 1, AlphaMode: scene.Opaque}},
	})
}

// diagonal is the length of that of the box around a mesh.
func diagonal(m *mesh.Mesh) float64 {
	lo, hi, _ := mesh.Bounds(m.Positions)
	return math.Hypot(math.Hypot(float64(hi[0]-lo[0]), float64(hi[1]-lo[1])), float64(hi[2]-lo[2]))
}

// means are geometric means of ratios by name.
type means map[string]*struct {
	n   int
	log float64
}

func (m means) add(name string, ours, theirs float64) {
	if !(ours > 0 && theirs > 0) {
		return
	}
	if m[name] == nil {
		m[name] = &struct {
			n   int
			log float64
		}{}
	}
	m[name].n++
	m[name].log += math.Log(ours / theirs)
}

func (m means) of(name string) float64 {
	if m[name] == nil {
		return math.NaN()
	}
	return math.Exp(m[name].log / float64(m[name].n))
}
