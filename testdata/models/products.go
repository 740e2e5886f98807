package models

import (
	"encoding/binary"
	"image/color"
	"math"

	"github.com/plinth3d/plinth/mesh/scene"
)

// amphora is 0.6 m high.
func amphora() *scene.Scene {
	s := newStage()
	clay := s.material("clay", [4]float64{1, 1, 1, 1}, 1, 1)
	m := &s.Materials[clay]
	relief := func(u, v float64) float64 { return 0.6*noise(u*40, v*40, 40) + 0.4*noise(u*160, v*160, 160) }
	m.BaseColor = s.texture("clay base", paint(4096, func(u, v float64) color.NRGBA {
		n := 0.7 + 0.3*relief(u, v)
		if band := math.Mod(v*14, 1); v > 0.3 && v < 0.6 && band < 0.5 && math.Sin(2*math.Pi*u*24) > 0 {
			return shade(n, 60, 42, 38)
		}
		return shade(n, 205, 122, 78)
	}))
	m.Normal = s.texture("clay normal", bumps(2048, 1.2, relief))
	m.MetalRough = s.texture("clay orm", paint(2048, func(u, v float64) color.NRGBA {
		n := relief(u, v)
		return color.NRGBA{byteOf(0.75 + 0.25*n), byteOf(0.55 + 0.3*n), 0, 255}
	}))
	m.Occlusion = &scene.TextureRef{Texture: m.MetalRough.Texture}
	body := turned(300, 200, func(v float64) (float64, float64) {
		r := 0.06 + 0.13*math.Pow(math.Sin(math.Pi*math.Pow(v, 0.8)), 1.5) + 0.015*math.Cos(6*math.Pi*v)
		return r + 0.0006*math.Sin(120*math.Pi*v), 0.6 * v
	})
	s.node("amphora", s.mesh("body", body.primitive(clay)), [3]float64{})
	return &s.Scene
}

// table is 1.6 by 0.75 by 0.8 m: a top and a frame of wood, feet of metal.
func table() *scene.Scene {
	s := newStage()
	wood := s.material("oak", [4]float64{1, 1, 1, 1}, 1, 1)
	grain := func(u, v float64) float64 {
		bend := 0.3 * noise(u*4, v*4, 4)
		return 0.5 + 0.35*math.Sin(60*(v+0.12*bend)) + 0.15*noise(u*24, v*384, 24)
	}
	m := &s.Materials[wood]
	m.BaseColor = s.texture("oak base", paint(2048, func(u, v float64) color.NRGBA { return shade(0.72+0.28*grain(u, v), 198, 150, 98) }))
	m.Normal = s.texture("oak normal", bumps(2048, 0.5, grain))
	m.MetalRough = s.texture("oak orm", paint(2048, func(u, v float64) color.NRGBA {
		return color.NRGBA{255, byteOf(0.5 + 0.3*grain(u, v)), 0, 255}
	}))
	steel := s.material("steel", [4]float64{0.6, 0.6, 0.62, 1}, 1, 0.35)
	s.node("top", s.mesh("top", box(wood, 12, [3]float64{1.6, 0.04, 0.8})), [3]float64{0, 0.73, 0})
	leg := s.mesh("leg", box(wood, 6, [3]float64{0.06, 0.69, 0.06}), turned(48, 4, func(v float64) (float64, float64) {
		return 0.02 + 0.01*v, -0.365 + 0.02*v
	}).primitive(steel))
	for i, at := range [][3]float64{{-0.72, 0.365, -0.33}, {0.72, 0.365, -0.33}, {-0.72, 0.365, 0.33}, {0.72, 0.365, 0.33}} {
		s.node([]string{"leg a", "leg b", "leg c", "leg d"}[i], leg, at)
	}
	return &s.Scene
}

// lamp is 45 units high, and they are centimeters.
func lamp() *scene.Scene {
	s := newStage()
	brass := s.material("brass", [4]float64{0.88, 0.68, 0.32, 1}, 1, 0.3)
	cloth := s.material("shade", [4]float64{0.95, 0.92, 0.84, 1}, 0, 0.9)
	s.Materials[cloth].DoubleSided = true
	s.Materials[cloth].EmissiveFactor = [3]float64{0.15, 0.13, 0.09}
	s.node("foot", s.mesh("foot", turned(40, 18, func(v float64) (float64, float64) {
		return 9*math.Cos(v*math.Pi/2) + 1, 3 * math.Sin(v*math.Pi/2)
	}).primitive(brass)), [3]float64{})
	s.node("rod", s.mesh("rod", turned(20, 4, func(v float64) (float64, float64) { return 1, 24 * v }).primitive(brass)), [3]float64{0, 2.5, 0})
	s.node("shade", s.mesh("shade", turned(64, 10, func(v float64) (float64, float64) { return 15 - 6*v, 18 * v }).primitive(cloth)), [3]float64{0, 27, 0})
	return &s.Scene
}

// rack is 0.6 m wide: 2 mm bars.
func rack() *scene.Scene {
	s := newStage()
	wire := s.material("wire", [4]float64{0.85, 0.86, 0.88, 1}, 1, 0.25)
	var prims []scene.Primitive
	const n = 10
	for i := range n + 1 {
		x := -0.3 + 0.6*float64(i)/n
		y := -0.2 + 0.4*float64(i)/n
		prims = append(prims, tube(8, 6, 0.002, [3]float64{x, -0.2, 0}, [3]float64{x, 0.2, 0}).primitive(wire),
			tube(8, 6, 0.002, [3]float64{-0.3, y, 0.004}, [3]float64{0.3, y, 0.004}).primitive(wire))
	}
	s.node("lattice", s.mesh("lattice", joined(prims)), [3]float64{0, 0.2, 0})
	return &s.Scene
}

// joined makes one primitive of several with one material.
func joined(prims []scene.Primitive) scene.Primitive {
	out := prims[0]
	var attributes []scene.Attribute
	for i, a := range out.Attributes {
		all := *a.Array
		all.Data = nil
		for _, p := range prims {
			all.Data = append(all.Data, p.Attributes[i].Data...)
		}
		attributes = append(attributes, scene.Attribute{Name: a.Name, Array: &all})
	}
	var indices []uint32
	base := uint32(0)
	for _, p := range prims {
		for _, v := range p.Indices {
			indices = append(indices, base+v)
		}
		base += uint32(p.Vertices())
	}
	out.Attributes, out.Indices = attributes, indices
	return out
}

// fern is 0.5 m high.
func fern() *scene.Scene {
	s := newStage()
	pot := s.material("pot", [4]float64{0.75, 0.36, 0.24, 1}, 0, 0.8)
	leaf := s.material("leaf", [4]float64{1, 1, 1, 1}, 0, 0.7)
	m := &s.Materials[leaf]
	m.AlphaMode, m.DoubleSided = scene.Mask, true
	m.BaseColor = s.texture("leaf", paint(256, func(u, v float64) color.NRGBA {
		// Leaflets along a rib, the longer the nearer to the middle.
		width := 0.46 * math.Sin(math.Pi*math.Min(1, 0.08+v)) * math.Abs(math.Sin(v*math.Pi*11))
		c := shade(0.8+0.2*noise(u*8, v*8, 8), 66, 134, 52)
		if d := math.Abs(u - 0.5); d > math.Max(width, 0.02) {
			c.A = 0
		}
		return c
	}))
	s.node("pot", s.mesh("pot", turned(32, 6, func(v float64) (float64, float64) { return 0.07 + 0.03*v, 0.14 * v }).primitive(pot)), [3]float64{})
	var leaves []scene.Primitive
	for i := range 14 {
		turn, c := math.Sincos(2 * math.Pi * (float64(i) / 14))
		rise := 0.2 + 0.12*float64(i%3)
		leaves = append(leaves, sheet{4, 14, func(u, v float64) [3]float64 {
			out := 0.02 + 0.26*v
			y := 0.13 + rise*math.Sin(v*2.1)
			w := 0.1 * (u - 0.5)
			return [3]float64{out*c - w*turn, y, out*turn + w*c}
		}}.primitive(leaf))
	}
	s.node("leaves", s.mesh("leaves", joined(leaves)), [3]float64{})
	return &s.Scene
}

// flag is 1 m wide on a pole; five joints make it wave.
func flag() *scene.Scene {
	s := newStage()
	cloth := s.material("cloth", [4]float64{1, 1, 1, 1}, 0, 0.85)
	s.Materials[cloth].DoubleSided = true
	s.Materials[cloth].BaseColor = s.texture("stripes", paint(128, func(_, v float64) color.NRGBA {
		if int(v*6)%2 == 0 {
			return color.NRGBA{190, 40, 44, 255}
		}
		return color.NRGBA{238, 232, 220, 255}
	}))
	wood := s.material("pole", [4]float64{0.45, 0.3, 0.18, 1}, 0, 0.6)
	const joints = 5
	p := sheet{60, 24, func(u, v float64) [3]float64 { return [3]float64{u, 1.4 + 0.6*(1-v), 0} }}.primitive(cloth)
	index, weights := &scene.Array{Kind: scene.Uint8, Width: 4}, [][4]float32{}
	for v := range p.Vertices() {
		x := float64(p.Attribute("POSITION").At(v, 0)) * (joints - 1)
		j := min(int(x), joints-2)
		f := float32(math.Round((x-float64(j))*64) / 64)
		index.Data = append(index.Data, uint8(j), uint8(j+1), 0, 0)
		weights = append(weights, [4]float32{1 - f, f, 0, 0})
	}
	p.Attributes = append([]scene.Attribute{{Name: "JOINTS_0", Array: index}}, p.Attributes...)
	p.Attributes = append(p.Attributes, scene.Attribute{Name: "WEIGHTS_0", Array: scene.Floats(weights)})

	s.node("pole", s.mesh("pole", turned(16, 4, func(v float64) (float64, float64) { return 0.02, 2.05 * v }).primitive(wood)), [3]float64{-0.02, 0, 0})
	at := s.node("flag", s.mesh("flag", p), [3]float64{})
	first := len(s.Nodes)
	skin := scene.Skin{Name: "cloth", Skeleton: scene.None, InverseBind: &scene.Array{Kind: scene.Float32, Width: 16, Matrix: true}}
	for j := range joints {
		n := s.node([]string{"j0", "j1", "j2", "j3", "j4"}[j], scene.None, [3]float64{})
		skin.Joints = append(skin.Joints, n)
		if j > 0 {
			s.Nodes[n].Translation = [3]float64{1.0 / (joints - 1), 0, 0}
			s.Nodes[n-1].Children = []int{n}
		} else {
			s.Nodes[n].Translation = [3]float64{0, 1.7, 0}
		}
		inverse := scene.Identity
		inverse[12], inverse[13] = -float64(j)/(joints-1), -1.7
		for _, x := range inverse {
			skin.InverseBind.Data = binary.LittleEndian.AppendUint32(skin.InverseBind.Data, math.Float32bits(float32(x)))
		}
	}
	s.Scenes[0].Nodes = s.Scenes[0].Nodes[:first+1] // only the first joint is a root
	s.Skins = []scene.Skin{skin}
	s.Nodes[at].Skin = 0

	wave := scene.Animation{Name: "wave"}
	times := &scene.Array{Kind: scene.Float32, Width: 1}
	const keys = 9
	for k := range keys {
		times.Data = binary.LittleEndian.AppendUint32(times.Data, math.Float32bits(float32(k)/4))
	}
	for j := range joints {
		var turns [][4]float32
		for k := range keys {
			a := 0.35 * math.Sin(2*math.Pi*(float64(k)/(keys-1)-float64(j)/joints))
			turns = append(turns, [4]float32{0, float32(round(math.Sin(a / 2))), 0, float32(math.Sqrt(1 - round(math.Sin(a/2))*round(math.Sin(a/2))))})
		}
		wave.Samplers = append(wave.Samplers, scene.Track{Input: times, Output: scene.Floats(turns), Interpolation: "LINEAR"})
		wave.Channels = append(wave.Channels, scene.Channel{Track: j, Node: skin.Joints[j], Path: "rotation"})
	}
	s.Animations = []scene.Animation{wave}
	return &s.Scene
}

func shade(n float64, r, g, b float64) color.NRGBA {
	return color.NRGBA{byteOf(n * r / 255), byteOf(n * g / 255), byteOf(n * b / 255), 255}
}

func byteOf(x float64) uint8 { return uint8(min(max(x, 0), 1)*255 + 0.5) }
