package meshtest

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh"
)

func TestAnOBJBecomesVerticesByPositionAndUV(t *testing.T) {
	m, err := ReadOBJ(strings.NewReader(`# a square with a seam in it
v 0 0 0
v 1 0 0 0.5
v 1 1 0
v 0 1 0
vt 0 0
vt 1 0
vt 1 1
f 1/1/1 2/2 3/3 4/1
f -4/1 -2/3 -1/2
`))
	if err != nil {
		t.Fatal(err)
	}
	if want := []uint32{0, 1, 2, 0, 2, 3, 0, 2, 4}; !reflect.DeepEqual(m.Indices, want) {
		t.Errorf("indices are %v, want %v", m.Indices, want)
	}
	if m.Positions[3] != m.Positions[4] || m.UVs[0][4] != [2]float32{1, 1} {
		t.Errorf("the corners of the seam are %v and %v with %v", m.Positions[3], m.Positions[4], m.UVs[0])
	}
	if _, err := ReadOBJ(strings.NewReader("v 0 0 0\nf 1 2 3\n")); err == nil {
		t.Error("a face that uses what is not there is read")
	}
}

func TestAPLYIsReadInAllFormats(t *testing.T) {
	head := func(format string) string {
		return "ply\nformat " + format + " 1.0\ncomment by hand\nelement vertex 4\nproperty float x\nproperty uchar red\nproperty float y\nproperty float z\n" +
			"element face 1\nproperty list uchar int vertex_indices\nelement tristrips 1\nproperty list int int vertex_indices\nend_header\n"
	}
	type vertex struct {
		X    float32
		Red  uint8
		Y, Z float32
	}
	rows := []any{
		[]vertex{{0, 9, 0, 0}, {1, 9, 0, 0}, {1, 9, 1, 0}, {0, 9, 1, 0}},
		uint8(4),
		[]int32{0, 1, 2, 3},
		int32(9),
		[]int32{0, 1, 2, 3, -1, 3, 2, 1, 1},
	}
	binaryFile := func(format string, order binary.ByteOrder) string {
		out := bytes.NewBufferString(head(format))
		for _, r := range rows {
			if err := binary.Write(out, order, r); err != nil {
				t.Fatal(err)
			}
		}
		return out.String()
	}
	for format, file := range map[string]string{
		"ascii":                head("ascii") + "0 9 0 0\n1 9 0 0\n1 9 1 0\n0 9 1 0\n4 0 1 2 3\n9 0 1 2 3 -1 3 2 1 1\n",
		"binary_little_endian": binaryFile("binary_little_endian", binary.LittleEndian),
		"binary_big_endian":    binaryFile("binary_big_endian", binary.BigEndian),
	} {
		m, err := ReadPLY(strings.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		// A fan of two, a strip of two, and a strip whose second triangle has no area.
		if want := []uint32{0, 1, 2, 0, 2, 3, 0, 1, 2, 2, 1, 3, 3, 2, 1}; !reflect.DeepEqual(m.Indices, want) {
			t.Errorf("%s: indices are %v, want %v", format, m.Indices, want)
		}
		if m.Positions[2] != [3]float32{1, 1, 0} {
			t.Errorf("%s: positions are %v", format, m.Positions)
		}
	}
}

func TestWhatIsWrittenAsBinaryIsReadAgain(t *testing.T) {
	for name, m := range map[string]*mesh.Mesh{"with all": Sphere(8, 4), "positions only": {Positions: Cube(1).Positions, Indices: Cube(1).Indices}} {
		var file bytes.Buffer
		if err := WriteBin(&file, m); err != nil {
			t.Fatal(err)
		}
		short := file.Bytes()[:file.Len()-1]
		if _, err := ReadBin(bytes.NewReader(short)); err == nil {
			t.Errorf("%s: a file that ends early is read", name)
		}
		got, err := ReadBin(&file)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%s: got %v, want %v", name, got, m)
		}
	}
}

func TestSubdivisionKeepsTheSurfaceClosed(t *testing.T) {
	m := Subdivide(Sphere(16, 8), 2, 0.2)
	if got, want := m.Triangles(), 16*Sphere(16, 8).Triangles(); got != want {
		t.Errorf("got %d triangles, want %d", got, want)
	}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	if n := len(Borders(m)); n != 0 {
		t.Errorf("%d edges are open", n)
	}
	if !reflect.DeepEqual(m, Subdivide(Sphere(16, 8), 2, 0.2)) {
		t.Error("the second time gives another mesh")
	}
	plain := Subdivide(Sphere(16, 8), 2, 0)
	reach, moved := 0.2*meanEdge(plain)*1.0001, 0
	for v, p := range plain.Positions {
		d := 0.0
		for k := range 3 {
			d = math.Hypot(d, float64(p[k])-float64(m.Positions[v][k]))
		}
		if d > reach {
			t.Fatalf("vertex %d moved %g, further than %g", v, d, reach)
		}
		if d > reach/10 {
			moved++
		}
	}
	if moved < len(plain.Positions)/2 {
		t.Errorf("%d of %d vertices moved", moved, len(plain.Positions))
	}
}

func TestSmoothNormalsPointOutward(t *testing.T) {
	m := Sphere(32, 16)
	for v, n := range SmoothNormals(m) {
		if want := m.Normals[v]; n[0]*want[0]+n[1]*want[1]+n[2]*want[2] < 0.99 {
			t.Fatalf("normal %d is %v, want about %v", v, n, want)
		}
	}
}
