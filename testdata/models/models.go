// Package models makes the sample products: files as a merchant's modeller would
// export them, with what makes such files hard. They are made by arithmetic
// alone, so they are the same everywhere and belong to the project.
package models

import (
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/textures"
)

// A Model is a sample product.
type Model struct {
	Name  string
	About string
	Large bool // not committed
	scene func() *scene.Scene
}

// All lists the sample products, what is quick to convert first.
func All() []Model {
	return []Model{
		{"lamp", "a lamp drawn in centimeters, exported as meters", false, lamp},
		{"rack", "a drying rack: a lattice of thin bars", false, rack},
		{"fern", "a potted fern: leaves are alpha cut-outs", false, fern},
		{"flag", "a flag on a pole: a skin with an animation", false, flag},
		{"table", "a wooden table: several nodes and materials, 2048 px textures", true, table},
		{"amphora", "a dense scan: 120,000 triangles, one UV seam, 4096 px base color, 2048 px normal and ORM", true, amphora},
	}
}

// Make returns the model's file.
func (m Model) Make() ([]byte, error) {
	data, err := glb.Encode(m.scene())
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", m.Name, err)
	}
	return data, nil
}

// Write puts all models that are not there yet into a folder and returns their paths, in
// the order of All.
func Write(dir string) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, m := range All() {
		path := filepath.Join(dir, m.Name+".glb")
		paths = append(paths, path)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		data, err := m.Make()
		if err != nil {
			return nil, err
		}
		// A file that is there is whole.
		if err := os.WriteFile(path+".part", data, 0o644); err != nil {
			return nil, err
		}
		if err := os.Rename(path+".part", path); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// A stage is a scene being built.
type stage struct{ scene.Scene }

func newStage() *stage {
	return &stage{scene.Scene{Generator: "plinth sample models", Default: 0, Scenes: []scene.Roots{{}}}}
}

// node puts a mesh on the stage.
func (s *stage) node(name string, mesh int, at [3]float64) int {
	s.Nodes = append(s.Nodes, scene.Node{
		Name: name, Mesh: mesh, Skin: scene.None, Camera: scene.None, Translation: at,
		Rotation: [4]float64{3: 1}, Scale: [3]float64{1, 1, 1},
	})
	s.Scenes[0].Nodes = append(s.Scenes[0].Nodes, len(s.Nodes)-1)
	return len(s.Nodes) - 1
}

// mesh adds a mesh of primitives.
func (s *stage) mesh(name string, prims ...scene.Primitive) int {
	s.Meshes = append(s.Meshes, scene.Mesh{Name: name, Primitives: prims})
	return len(s.Meshes) - 1
}

// material adds a material without textures.
func (s *stage) material(name string, color [4]float64, metallic, roughness float64) int {
	s.Materials = append(s.Materials, scene.Material{
		Name: name, BaseColorFactor: color, Metallic: metallic, Roughness: roughness, NormalScale: 1,
		OcclusionStrength: 1, AlphaMode: scene.Opaque, AlphaCutoff: 0.5,
	})
	return len(s.Materials) - 1
}

// texture adds an image and a texture of it.
func (s *stage) texture(name string, img image.Image) *scene.TextureRef {
	s.Images = append(s.Images, scene.Image{Name: name, MIME: textures.PNG, Data: encode(img)})
	s.Textures = append(s.Textures, scene.Texture{Name: name, Sampler: scene.None, Source: len(s.Images) - 1})
	return &scene.TextureRef{Texture: len(s.Textures) - 1}
}

// A sheet is a surface over a grid of u and v.
type sheet struct {
	nu, nv int
	at     func(u, v float64) [3]float64
}

// primitive samples a sheet, with normals from its derivatives.
func (f sheet) primitive(material int) scene.Primitive {
	var points, normals [][3]float32
	var uvs [][2]float32
	var indices []uint32
	for j := range f.nv + 1 {
		for i := range f.nu + 1 {
			u, v := float64(i)/float64(f.nu), float64(j)/float64(f.nv)
			p := f.at(u, v)
			points = append(points, single(p))
			normals = append(normals, single(f.normal(u, v)))
			uvs = append(uvs, [2]float32{float32(u), float32(v)})
		}
	}
	at := func(i, j int) uint32 { return uint32(j*(f.nu+1) + i) }
	for j := range f.nv {
		for i := range f.nu {
			indices = append(indices, at(i, j), at(i+1, j), at(i+1, j+1), at(i, j), at(i+1, j+1), at(i, j+1))
		}
	}
	return primitive(material, points, normals, uvs, indices)
}

func (f sheet) normal(u, v float64) [3]float64 {
	const h = 1e-4
	diff := func(a, b [3]float64) [3]float64 { return [3]float64{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }
	du := diff(f.at(u+h, v), f.at(u-h, v))
	dv := diff(f.at(u, min(v+h, 1)), f.at(u, max(v-h, 0)))
	n := [3]float64{du[1]*dv[2] - du[2]*dv[1], du[2]*dv[0] - du[0]*dv[2], du[0]*dv[1] - du[1]*dv[0]}
	l := math.Sqrt(n[0]*n[0] + n[1]*n[1] + n[2]*n[2])
	if l < 1e-15 {
		return [3]float64{0, 1, 0}
	}
	// Rounded, so that a fused multiplication somewhere changes nothing.
	return [3]float64{round(n[0] / l), round(n[1] / l), round(n[2] / l)}
}

func round(x float64) float64 { return math.Round(x*1e5) / 1e5 }

func single(p [3]float64) [3]float32 {
	return [3]float32{float32(math.Round(p[0]*1e6) / 1e6), float32(math.Round(p[1]*1e6) / 1e6), float32(math.Round(p[2]*1e6) / 1e6)}
}

func primitive(material int, points, normals [][3]float32, uvs [][2]float32, indices []uint32) scene.Primitive {
	return scene.Primitive{
		Mode: scene.Triangles, Material: material, Indices: indices,
		Attributes: []scene.Attribute{
			{Name: "NORMAL", Array: scene.Floats(normals)},
			{Name: "POSITION", Array: scene.Floats(points)},
			{Name: "TEXCOORD_0", Array: scene.Floats(uvs)},
		},
	}
}

// box is centered, with sharp edges; its sides are n by n cells. Each side shows all of
// the texture.
func box(material, n int, size [3]float64) scene.Primitive {
	var points, normals [][3]float32
	var uvs [][2]float32
	var indices []uint32
	for axis := range 3 {
		for _, side := range []float64{-1, 1} {
			base := uint32(len(points))
			for j := range n + 1 {
				for i := range n + 1 {
					u, v := float64(i)/float64(n), float64(j)/float64(n)
					var p, normal [3]float64
					p[axis], normal[axis] = side*size[axis]/2, side
					p[(axis+1)%3] = (u - 0.5) * size[(axis+1)%3]
					p[(axis+2)%3] = (v - 0.5) * size[(axis+2)%3] * side
					points, normals = append(points, single(p)), append(normals, single(normal))
					uvs = append(uvs, [2]float32{float32(u), float32(v)})
				}
			}
			at := func(i, j int) uint32 { return base + uint32(j*(n+1)+i) }
			for j := range n {
				for i := range n {
					indices = append(indices, at(i, j), at(i+1, j), at(i+1, j+1), at(i, j), at(i+1, j+1), at(i, j+1))
				}
			}
		}
	}
	return primitive(material, points, normals, uvs, indices)
}

// turned is a surface of revolution: radius and height along v.
func turned(nu, nv int, profile func(v float64) (radius, height float64)) sheet {
	return sheet{nu, nv, func(u, v float64) [3]float64 {
		r, y := profile(v)
		s, c := math.Sincos(2 * math.Pi * u)
		return [3]float64{r * c, y, -r * s}
	}}
}

// tube is a cylinder of radius r from a to b.
func tube(nu, nv int, r float64, a, b [3]float64) sheet {
	d := [3]float64{b[0] - a[0], b[1] - a[1], b[2] - a[2]}
	l := math.Sqrt(d[0]*d[0] + d[1]*d[1] + d[2]*d[2])
	d = [3]float64{d[0] / l, d[1] / l, d[2] / l}
	// Any direction across d, and the one across both.
	x := [3]float64{1, 0, 0}
	if math.Abs(d[0]) > 0.9 {
		x = [3]float64{0, 1, 0}
	}
	p := [3]float64{d[1]*x[2] - d[2]*x[1], d[2]*x[0] - d[0]*x[2], d[0]*x[1] - d[1]*x[0]}
	pl := math.Sqrt(p[0]*p[0] + p[1]*p[1] + p[2]*p[2])
	p = [3]float64{p[0] / pl, p[1] / pl, p[2] / pl}
	q := [3]float64{d[1]*p[2] - d[2]*p[1], d[2]*p[0] - d[0]*p[2], d[0]*p[1] - d[1]*p[0]}
	return sheet{nu, nv, func(u, v float64) (out [3]float64) {
		s, c := math.Sincos(2 * math.Pi * u)
		for k := range 3 {
			out[k] = a[k] + v*l*d[k] + r*(c*p[k]+s*q[k])
		}
		return out
	}}
}
