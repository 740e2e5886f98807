package draco

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// A built is a stream written by hand, that draco3d's encoder would not write.
type built struct {
	name string
	make func(w *writer)
}

// list begins a sequential mesh of n triangles that share nothing.
func (w *writer) list(n int) {
	w.header(sequential)
	w.varint(uint64(n))
	w.varint(uint64(3 * n))
	w.u8(uncompressedIndices)
	for i := range 3 * n {
		w.u8(uint8(i))
	}
}

// attribute says that there is one attribute, and how it is coded.
func (w *writer) attribute(t Type, k Kind, components, normalized, coding uint8) {
	w.u8(1)
	w.varint(1)
	w.u8(uint8(t), uint8(k), components, normalized)
	w.varint(300)
	w.u8(coding)
}

var builts = []built{
	{"folded", func(w *writer) {
		w.header(sequential)
		w.varint(4)
		w.varint(300)
		w.u8(compressedIndices)
		var steps []uint32
		last := int32(0)
		for _, v := range []int32{0, 1, 2, 2, 1, 3, 299, 298, 0, 150, 151, 149} {
			d := v - last
			last = v
			if d < 0 {
				steps = append(steps, uint32(-d)<<1|1)
			} else {
				steps = append(steps, uint32(d)<<1)
			}
		}
		w.raw(steps, 10)
		w.attribute(Position, Uint8, 3, 1, codedRaw)
		for i := range 900 {
			w.u8(uint8(i))
		}
	}},
	{"shorts", func(w *writer) { // indices of two bytes, and a tag for each pair of values
		w.header(sequential)
		w.varint(2)
		w.varint(256)
		w.u8(uncompressedIndices)
		for _, v := range []uint16{0, 1, 255, 255, 1, 128} {
			w.u16(v)
		}
		w.attribute(Generic, Int16, 2, 0, codedInteger)
		w.u8(0xfe, 1) // no prediction
		var values []uint32
		for i := range int32(512) {
			values = append(values, fold(i*i%(1<<(i%12))-i))
		}
		w.tagged(values, 2, func(v []uint32) uint32 { return uint32(bits.Len32(v[0] | v[1])) })
	}},
	{"varints", func(w *writer) {
		w.header(sequential)
		w.varint(2)
		w.varint(70000)
		w.u8(uncompressedIndices)
		for _, v := range []uint64{0, 1, 69999, 300, 1, 20000} {
			w.varint(v)
		}
		w.attribute(Position, Int8, 1, 0, codedInteger)
		w.u8(predictDifference, transformWrap, 1)
		w.raw(make([]uint32, 70000), 1) // takes no bits at all
		w.u32(0)
		w.u32(0)
	}},
	{"words", func(w *writer) {
		w.header(sequential)
		w.varint(1)
		w.varint(1 << 21)
		w.u8(uncompressedIndices)
		for _, v := range []uint32{0, 1, 1<<21 - 1} {
			w.u32(v)
		}
		w.attribute(Position, Uint8, 1, 0, codedInteger)
		w.u8(0xfe, 1)
		w.raw(append(make([]uint32, 1<<21-1), 14), 2)
	}},
	{"plain", func(w *writer) { // integers of three bytes
		w.list(3)
		w.attribute(Generic, Int32, 2, 0, codedInteger)
		w.u8(predictDifference, transformWrap, 0, 3)
		for i := range int32(18) {
			v := fold(i*i*100 - 20000)
			w.u8(uint8(v), uint8(v>>8), uint8(v>>16))
		}
		low := int32(-30000)
		w.u32(uint32(low))
		w.u32(40000)
	}},
	{"plain4", func(w *writer) {
		w.list(3)
		w.attribute(Generic, Uint32, 1, 1, codedInteger)
		w.u8(0xfe, 0, 4)
		for i := range int32(9) {
			w.u32(fold(i * 0x12345678))
		}
	}},
	{"octahedron", func(w *writer) { // corrections of the old kind, that turn nothing
		w.list(40)
		w.attribute(Normal, Float32, 3, 0, codedNormal)
		w.u8(predictDifference, transformOctahedra, 1)
		var values []uint32
		for i := range uint32(240) {
			values = append(values, i*i*7%127)
		}
		w.raw(values, 7)
		w.u32(127)
		w.u8(7)
	}},
	{"octahedron-canonical", func(w *writer) {
		w.list(80)
		w.attribute(Normal, Float32, 3, 0, codedNormal)
		w.u8(predictDifference, transformCanonical, 1)
		var values []uint32
		for i := range uint32(480) {
			values = append(values, i*i*7%1023)
		}
		w.raw(values, 10)
		w.u32(1023)
		w.u32(511)
		w.u8(10)
	}},
	{"normals-unpredicted", func(w *writer) {
		w.list(2)
		w.attribute(Normal, Float32, 3, 0, codedNormal)
		w.u8(0xfe, 1)
		w.raw([]uint32{0, 0, 6, 6, 12, 12, 12, 0, 6, 12, 2, 10}, 4)
		w.u8(3)
	}},
	{"box", func(w *writer) {
		w.list(2)
		w.attribute(TexCoord, Float32, 2, 0, codedQuantized)
		w.u8(0xfe, 1)
		w.raw([]uint32{0, 0, 6, 6, 12, 12, 12, 0, 6, 12, 2, 1}, 4)
		w.f32(-1)
		w.f32(0.1)
		w.f32(3.3)
		w.u8(3)
	}},
}

// wide are kinds that glTF does not have, which draco3d's script interface can't give either.
var wide = []built{
	{"doubles", func(w *writer) {
		w.list(1)
		w.attribute(Position, Float64, 3, 0, codedRaw)
		for i := range 9 {
			v := math.Float64bits(float64(i) / 3)
			w.u32(uint32(v))
			w.u32(uint32(v >> 32))
		}
	}},
	{"bools", func(w *writer) {
		w.list(1)
		w.attribute(Generic, Bool, 1, 0, codedRaw)
		w.u8(1, 0, 1)
	}},
}

func (b built) data() []byte {
	var w writer
	b.make(&w)
	return w.b
}

func TestSymbolsComeBack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for length := 1; length <= 18; length++ {
		want := make([]uint32, 3000)
		for i := range want {
			want[i] = uint32(math.Pow(rnd.Float64(), 4) * float64(int(1)<<length))
		}
		var w writer
		w.raw(want, length)
		w.tagged(want, 3, func(v []uint32) uint32 { return uint32(bits.Len32(slices.Max(v))) })
		d := &decoder{r: reader{data: w.b}, lim: plenty}
		for _, what := range []string{"raw", "tagged"} {
			got := make([]int32, len(want))
			if err := d.symbols(got, 3); err != nil {
				t.Fatalf("%s, %d bits: %v", what, length, err)
			}
			for i, v := range got {
				if uint32(v) != want[i] {
					t.Fatalf("%s, %d bits: symbol %d is %d, want %d", what, length, i, v, want[i])
				}
			}
		}
		if d.r.left() != 0 {
			t.Errorf("%d bits: %d bytes are left", length, d.r.left())
		}
	}
}

func TestFlagsComeBack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	want := make([]bool, 1000)
	for i := range want {
		want[i] = rnd.IntN(4) > 0
	}
	var w writer
	w.flags(want...)
	d := &decoder{r: reader{data: w.b}}
	b, err := d.readBits()
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got := b.next(); got != want[i] {
			t.Fatalf("flag %d is %t", i, got)
		}
	}
	if b.short {
		t.Error("the run is short")
	}
}
