package draco

import (
	"errors"
	"strings"
	"testing"
)

// A wrong stream, and what is said of it.
type wrong struct {
	name string
	data []byte
	want string // part of the error
}

func streamOf(f func(w *writer)) []byte { return built{make: f}.data() }

// points begins a sequential mesh of n points and no face.
func (w *writer) points(n uint64) {
	w.header(sequential)
	w.varint(0)
	w.varint(n)
	w.u8(uncompressedIndices)
}

// integers is a mesh of three points with an attribute that is coded so.
func integers(t Type, k Kind, components, coding uint8, f func(w *writer)) []byte {
	return streamOf(func(w *writer) {
		w.points(3)
		w.attribute(t, k, components, 0, coding)
		f(w)
	})
}

// around is a triangle with one attribute.
func around(t Type, k Kind, components, coding uint8, f func(w *writer)) []byte {
	return edgebreakerStream{symbols: "E", start: "0", after: func(w *writer) {
		w.varint(1)
		w.u8(uint8(t), uint8(k), components, 0)
		w.varint(0)
		w.u8(coding)
		f(w)
	}}.data()
}

// mapped is a triangle with integer positions and coordinates predicted from them.
func mapped(f func(w *writer)) []byte {
	return edgebreakerStream{symbols: "E", start: "0", after: func(w *writer) {
		w.varint(2)
		w.u8(uint8(Position), uint8(Int32), 3, 0, 0)
		w.u8(uint8(TexCoord), uint8(Int32), 2, 0, 1)
		w.u8(codedInteger, codedInteger)
		w.u8(0xfe, 0, 4)
		for _, v := range []int32{0, 0, 0, 1 << 28, 0, 0, 0, 1 << 28, 0} {
			w.u32(fold(v))
		}
		w.u8(predictTexCoords, transformWrap, 0, 4)
		for _, v := range []int32{0, 0, 1 << 29, 0, 0, 0} {
			w.u32(fold(v))
		}
		f(w)
	}}.data()
}

func broken() []wrong {
	header := func(edit func(b []byte)) []byte {
		b := edgebreakerStream{symbols: "E", start: "0"}.data()
		edit(b)
		return b
	}
	sequence := func(f func(w *writer)) []byte {
		return streamOf(func(w *writer) { w.header(sequential); f(w) })
	}
	group := func(sets uint8, group ...uint8) []byte {
		return edgebreakerStream{symbols: "E", start: "0", sets: sets, group: group}.data()
	}
	many := strings.Repeat("E", 100)
	return []wrong{
		{"nothing", nil, "does not begin with DRACO"},
		{"another name", []byte("DRAKO000000"), "does not begin with DRACO"},
		{"an old version", header(func(b []byte) { b[6] = 1 }), "is of version 2.1"},
		{"a point cloud", header(func(b []byte) { b[7] = 0 }), "not a mesh"},
		{"another method", header(func(b []byte) { b[8] = 2 }), "encoding method 2"},
		{"metadata", header(func(b []byte) { b[10] = 0x80 }), "metadata"},
		{"the predictive traversal", header(func(b []byte) { b[11] = 1 }), "has traversal 1"},
		{"more metadata than bytes", streamOf(func(w *writer) {
			w.header(sequential)
			w.b[10] = 0x80
			w.u8(0, 0, 100)
		}), "has 100 elements in 0 bytes"},

		{"too many indices", sequence(func(w *writer) { w.varint(100); w.varint(3); w.u8(1); w.u8(0, 1, 2) }), "has 100 faces in 3 bytes"},
		{"an index of no point", sequence(func(w *writer) { w.varint(1); w.varint(3); w.u8(1); w.u8(0, 1, 3) }), "has index 3 at corner 2 of face 0"},
		{"an index below zero", sequence(func(w *writer) { w.varint(1); w.varint(3); w.u8(0); w.raw([]uint32{0, 2, 5}, 3) }), "has index 4294967295"},
		{"another form of indices", sequence(func(w *writer) { w.varint(0); w.varint(3); w.u8(2) }), "indices in method 2"},
		{"symbols of no scheme", sequence(func(w *writer) { w.varint(1); w.varint(3); w.u8(0, 2) }), "symbols in scheme 2"},
		{"symbols too long", sequence(func(w *writer) { w.varint(1); w.varint(3); w.u8(0, rawSymbols, 19) }), "symbols of 19 bits"},
		{"a huge table", sequence(func(w *writer) { w.varint(1); w.varint(3); w.u8(0, rawSymbols, 5); w.varint(1000) }), "has a table of 1000 symbols in 0 bytes"},
		{"a table that skips", sequence(func(w *writer) { w.varint(1); w.varint(3); w.u8(0, rawSymbols, 5, 4, 0xff, 0) }), "skips past its 4"},
		{"a table of too much", sequence(func(w *writer) { w.varint(1); w.varint(3); w.u8(0, rawSymbols, 5, 2, 1, 0xff, 0) }), "more than 4096"},
		{"a table of too little", sequence(func(w *writer) { w.varint(1); w.varint(3); w.u8(0, rawSymbols, 5, 2, 4, 0) }), "add up to 1"},
		{"an empty run", sequence(func(w *writer) { w.varint(1); w.varint(3); w.u8(0, rawSymbols, 5); w.table([]uint32{4096}); w.u8(0) }), "broken run of 0 bytes of symbols"},
		{"a short run", sequence(func(w *writer) {
			w.varint(8)
			w.varint(3)
			w.u8(0, rawSymbols, 5)
			w.table([]uint32{2048, 2048})
			w.run([]byte{0})
		}), "too few bytes for 24 symbols"},
		{"values too long", sequence(func(w *writer) {
			w.varint(1)
			w.varint(3)
			w.u8(0)
			w.tagged([]uint32{0, 0, 0}, 1, func([]uint32) uint32 { return 33 })
		}), "has values of 33 bits"},
		{"too few values", sequence(func(w *writer) {
			w.varint(1)
			w.varint(3)
			w.u8(0)
			w.tagged([]uint32{1, 1, 1}, 1, func([]uint32) uint32 { return 9 })
			w.b = w.b[:len(w.b)-1]
		}), "too few bytes for 3 values"},

		{"a beginning without a face", edgebreakerStream{symbols: "RE", start: "0"}.data(), "symbol 0, of 2, that has no face to go on from"},
		{"a join of nothing", edgebreakerStream{symbols: "ES", start: "0", vertices: 6}.data(), "has no face to go on from"},
		{"too many vertices", edgebreakerStream{symbols: "ER", start: "0", vertices: 3}.data(), "more vertices than were promised"},
		{"far too many", edgebreakerStream{symbols: "EE", start: "00", vertices: 5}.data(), "more vertices than were promised"},
		{"more vertices than corners", edgebreakerStream{symbols: "E", start: "0", vertices: 4}.data(), "has 4 vertices of 1 faces"},
		{"more symbols than faces", edgebreakerStream{symbols: "EEE", start: "000", faces: 2}.data(), "has 2 faces of 3 symbols"},
		{"more faces than symbols", edgebreakerStream{symbols: "EEE", start: "000", faces: 5}.data(), "has 5 faces of 3 symbols"},
		{"a face too few", edgebreakerStream{symbols: "EEE", start: "000", faces: 4}.data(), "has 3 faces and promises 4"},
		{"a face too many", edgebreakerStream{symbols: "ECEC", start: "11"}.data(), "more than the 4 faces"},
		{"a border of one edge", edgebreakerStream{symbols: "ECC", start: "1", faces: 4}.data(), "border is no triangle"},
		{"a border of five closed as one of three", edgebreakerStream{symbols: "ERRR", start: "1", faces: 5}.data(), "not a manifold"},
		{"too few components", edgebreakerStream{symbols: many, start: "", faces: 101}.data(), "too few bits for its components"},
		{"too many symbols", streamOf(func(w *writer) {
			w.header(edgebreaker)
			w.u8(standardTraversal, 3, 100, 0, 100, 0, 0)
			w.run([]byte{7})
		}), "has 100 symbols in 1 bytes"},
		{"splits in no bytes", edgebreakerStream{symbols: many, start: "0", splits: make([][3]uint64, 99)}.data()[:30], "has 99 topology splits"},
		{"a split of no symbol", edgebreakerStream{symbols: "EE", start: "0", splits: [][3]uint64{{2, 0, 0}}}.data(), "topology split 0 from symbol 0+2"},
		{"a split before the first", edgebreakerStream{symbols: "EE", start: "0", splits: [][3]uint64{{1, 2, 0}}}.data(), "to 2 before it, of 2"},
		{"a split that is not met", edgebreakerStream{symbols: "ECE", start: "0", splits: [][3]uint64{{1, 1, 0}}}.data(), "nothing led to"},

		{"a context without symbols", edgebreakerStream{symbols: "ERR", start: "0", context: [][]uint32{{3}, {}, {}, {}, {}, {}}}.data(), "none is left for vertices of valence 3"},
		{"a context of no symbol", edgebreakerStream{symbols: "ER", start: "0", context: [][]uint32{{5}, {}, {}, {}, {}, {}}}.data(), "symbol 1 numbered 5"},
		{"contexts of too many", edgebreakerStream{symbols: "ER", start: "0", context: [][]uint32{{3, 3}, {3}, {}, {}, {}, {}}}.data(), "more symbols in its contexts"},

		{"a group of no set", group(0, 1, 0, perVertex, depthFirst), "has group 0 of set 0, there are 0"},
		{"a set with two groups", group(0, 2, 0xff, perVertex, depthFirst, 0xff, perVertex, depthFirst), "groups 0 and 1 of one set"},
		{"a group in no order", group(0, 1, 0xff, perVertex, 2), "has group 0 in order 2"},
		{"a group of no kind", group(0, 1, 0xff, 2, depthFirst), "has group 0 of kind 2"},
		{"seams without a set", group(0, 1, 0xff, perCorner, depthFirst), "seams of set -1"},
		{"seams in the other order", group(1, 1, 0, perCorner, predictionDegree), "in order 1"},
		{"an empty group", streamOf(func(w *writer) { w.points(3); w.u8(1, 0) }), "a group of 0"},
		{"a type there is not", integers(5, Int8, 1, codedRaw, func(w *writer) {}), "one of type 5"},
		{"a kind there is not", integers(Generic, 12, 1, codedRaw, func(w *writer) {}), "kind 12"},
		{"a coding there is not", integers(Generic, Int8, 1, 4, func(w *writer) {}), "in coding 4"},
		{"doubles as integers", integers(Generic, Float64, 1, codedInteger, func(w *writer) {}), "generic 300 (float64, 1 components) in coding 1"},
		{"raw values cut off", integers(Generic, Int8, 1, codedRaw, func(w *writer) { w.u8(1, 2) }), "cut off"},

		{"integers of five bytes", integers(Generic, Int8, 1, codedInteger, func(w *writer) { w.u8(0xfe, 0, 5) }), "integers of 5 bytes"},
		{"a scheme that was given up", integers(Generic, Int8, 1, codedInteger, func(w *writer) { w.u8(2, 1, 0) }), "by scheme 2"},
		{"a transform that is none", integers(Generic, Int8, 1, codedInteger, func(w *writer) { w.u8(0, 0, 0) }), "by transform 0"},
		{"a normal's transform", integers(Generic, Int8, 1, codedInteger, func(w *writer) { w.u8(0, 3, 0) }), "by transform 3"},
		{"a prediction from no faces", integers(Generic, Int8, 1, codedInteger, func(w *writer) { w.u8(1, 1, 0) }), "connectivity that is not there"},
		{"a range upside down", integers(Generic, Int8, 1, codedInteger, func(w *writer) { w.u8(0, 1, 0, 1, 0, 0, 0); w.u32(2); w.u32(1) }), "values from 2 to 1"},
		{"a box of no bits", integers(Generic, Float32, 1, codedQuantized, func(w *writer) { w.u8(0xfe, 0, 1, 0, 0, 0); w.f32(0); w.f32(1); w.u8(0) }), "quantized to 0 bits"},
		{"normals of one bit", integers(Normal, Float32, 3, codedNormal, func(w *writer) { w.u8(0xfe, 0, 1, 0, 0, 0, 0, 0, 0); w.u8(1) }), "quantized to 1 bits"},
		{"normals on no grid", integers(Normal, Float32, 3, codedNormal, func(w *writer) {
			w.u8(0, transformOctahedra, 0, 1, 0, 0, 0, 0, 0, 0)
			w.u32(8)
		}), "grid to 8"},

		{"normals as parallelograms", around(Normal, Float32, 3, codedNormal, func(w *writer) { w.u8(1, 3, 0) }), "scheme 1 and corrected by transform 3"},
		{"three texture coordinates", around(TexCoord, Uint8, 3, codedInteger, func(w *writer) { w.u8(5, 1, 0) }), "as texture coordinates"},
		{"coordinates without positions", around(TexCoord, Uint8, 2, codedInteger, func(w *writer) {
			w.u8(5, 1, 0, 1, 0, 0, 0, 0, 0, 0)
			w.u32(0)
			w.flags()
			w.u32(0)
			w.u32(9)
		}), "positions that are not there"},
		{"too many orientations", mapped(func(w *writer) { w.u32(4) }), "4 orientations for 3 entries"},
		{"too few orientations", mapped(func(w *writer) { w.u32(0); w.flags(); w.u32(0); w.u32(1 << 29) }), "too few orientations"},
		{"too few bits for orientations", mapped(func(w *writer) { w.u32(3); w.u8(255, 1, 0) }), "too few bits for 3 orientations"},
		{"normals without positions", around(Normal, Float32, 3, codedNormal, func(w *writer) {
			w.u8(6, 3, 0, 1, 0, 0, 0, 0, 0, 0)
			w.u32(7)
			w.u32(3)
			w.flags(true)
		}), "positions that are not there"},
		{"too many creases", around(Generic, Uint8, 1, codedInteger, func(w *writer) { w.u8(4, 1, 0, 1, 0, 0, 0, 13) }), "13 flags of creases for 3 entries"},
		{"a run of no bits", around(Generic, Uint8, 1, codedInteger, func(w *writer) { w.u8(4, 1, 0, 1, 0, 0, 0, 1, 128, 0) }), "broken run of 0 bytes of bits"},
	}
}

func TestBroken(t *testing.T) {
	for _, b := range broken() {
		_, err := Decode(b.data, plenty)
		var bad *FormatError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), b.want) {
			t.Errorf("%s: got %v, want %q", b.name, err, b.want)
		}
	}
}
