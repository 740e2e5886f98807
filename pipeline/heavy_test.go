package pipeline

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/textures"
)

// Heavy is a product as a scanner makes them: a bumpy ball of at least so many triangles with
// noise in base color, normal, ORM and emissive textures of edge by edge pixels, two of
// them JPEG, two PNG.
func Heavy(t testing.TB, triangles, edge int) []byte {
	t.Helper()
	s := scene.Scene{
		Generator: "heavy", Scenes: []scene.Roots{{Nodes: []int{0}}},
		Nodes:  []scene.Node{{Mesh: 0, Skin: scene.None, Camera: scene.None, Rotation: [4]float64{3: 1}, Scale: [3]float64{1, 1, 1}}},
		Meshes: []scene.Mesh{{Primitives: []scene.Primitive{ball(triangles)}}},
		Materials: []scene.Material{{
			BaseColorFactor: [4]float64{1, 1, 1, 1}, Metallic: 1, Roughness: 1, NormalScale: 1, OcclusionStrength: 1,
			EmissiveFactor: [3]float64{1, 1, 1}, AlphaMode: scene.Opaque, AlphaCutoff: 0.5,
		}},
	}
	ref := func(seed uint32, center [3]int, mime string) *scene.TextureRef {
		s.Images = append(s.Images, scene.Image{MIME: mime, Data: written(t, speckled(seed, edge, center), mime)})
		s.Textures = append(s.Textures, scene.Texture{Sampler: scene.None, Source: len(s.Images) - 1})
		return &scene.TextureRef{Texture: len(s.Textures) - 1}
	}
	m := &s.Materials[0]
	m.BaseColor, m.Normal = ref(1, [3]int{160, 120, 90}, textures.JPEG), ref(2, [3]int{128, 128, 230}, textures.PNG)
	m.MetalRough, m.Emissive = ref(3, [3]int{200, 140, 60}, textures.JPEG), ref(4, [3]int{70, 60, 50}, textures.PNG)
	m.Occlusion = m.MetalRough
	data, err := glb.Encode(&s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// ball is a sphere whose radius goes in and out.
func ball(triangles int) scene.Primitive {
	n := max(int(math.Ceil(math.Sqrt(float64(triangles)/4))), 2) // rings; twice as many around
	var points, normals [][3]float32
	var uvs [][2]float32
	var indices []uint32
	for j := range n + 1 {
		for i := range 2*n + 1 {
			lat, lon := math.Pi*float64(j)/float64(n), math.Pi*float64(i)/float64(n)
			at := [3]float64{math.Sin(lat) * math.Cos(lon), math.Cos(lat), math.Sin(lat) * math.Sin(lon)}
			r := 0.4 + 0.02*math.Sin(9*lat)*math.Sin(8*lon) + 0.0005*math.Sin(60*lat)*math.Sin(90*lon)
			points = append(points, [3]float32{float32(r * at[0]), float32(r * at[1]), float32(r * at[2])})
			normals = append(normals, [3]float32{float32(at[0]), float32(at[1]), float32(at[2])})
			uvs = append(uvs, [2]float32{float32(i) / float32(2*n), float32(j) / float32(n)})
			if i < 2*n && j < n {
				a := uint32(j*(2*n+1) + i)
				b := a + uint32(2*n+1)
				indices = append(indices, a, a+1, b, a+1, b+1, b)
			}
		}
	}
	return scene.Primitive{Mode: scene.Triangles, Indices: indices, Attributes: []scene.Attribute{
		{Name: "NORMAL", Array: scene.Floats(normals)}, {Name: "POSITION", Array: scene.Floats(points)}, {Name: "TEXCOORD_0", Array: scene.Floats(uvs)},
	}}
}

// speckled is an image of one color with waves, and noise on top.
func speckled(seed uint32, edge int, center [3]int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, edge, edge))
	n := seed * 2654435761
	var wave [1024]int
	for i := range wave {
		wave[i] = int(24 * math.Sin(float64(i)*2*math.Pi/1024))
	}
	for y := range edge {
		row := img.Pix[y*img.Stride:][:4*edge]
		for x := range edge {
			n = n*1664525 + 1013904223
			low := wave[(x*5+y*3)&1023] + wave[(y*7-x*2)&1023]/2
			for c := range 3 {
				row[4*x+c] = uint8(min(max(center[c]+low+int(n>>(20+3*c))&15-8, 0), 255))
			}
			row[4*x+3] = 255
		}
	}
	return img
}

func written(t testing.TB, img image.Image, mime string) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	if mime == textures.JPEG {
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 92})
	} else {
		err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
