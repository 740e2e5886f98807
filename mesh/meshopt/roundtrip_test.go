package meshopt

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestAttributesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stride := 4 * rapid.IntRange(1, 64).Draw(t, "stride/4")
		count := rapid.IntRange(0, 600).Draw(t, "count")
		goal := rapid.SampledFrom([]Goal{Smallest, Compressible}).Draw(t, "goal")
		kind := rapid.SampledFrom([]string{"zeros", "noise", "a walk", "words", "floats"}).Draw(t, "kind")
		seed := rapid.Uint64().Draw(t, "seed")
		data := attributeData(rand.New(rand.NewPCG(seed, 0)), count, stride)[kind]
		for v, encode := range []func([]byte, int, Goal) []byte{EncodeAttributes, EncodeAttributesV1} {
			src := encode(data, stride, goal)
			got := make([]byte, len(data))
			if err := Decode(got, src, count, stride, Attributes, None); err != nil {
				t.Fatalf("version %d: %v", v, err)
			}
			if !bytes.Equal(got, data) {
				t.Fatalf("version %d: other bytes came back", v)
			}
			if !bytes.Equal(src, encode(data, stride, goal)) {
				t.Fatalf("version %d: other bytes the second time", v)
			}
		}
	})
}

func TestTrianglesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]uint32{3, 20, 300, 70000, math.MaxUint32}).Draw(t, "limit")
		indices := rapid.SliceOfN(rapid.Uint32Range(0, limit), 0, 300).Draw(t, "indices")
		indices = indices[:len(indices)/3*3]
		checkTriangles(t, indices)
	})
	for name, indices := range indexData(rand.New(rand.NewPCG(1, 2))) {
		if len(indices)%3 == 0 {
			t.Run(name, func(t *testing.T) { checkTriangles(t, indices) })
		}
	}
}

func checkTriangles(t interface{ Fatalf(string, ...any) }, indices []uint32) {
	src := EncodeTriangles(indices)
	got := make([]byte, 4*len(indices))
	if err := Decode(got, src, len(indices), 4, Triangles, None); err != nil {
		t.Fatalf("%v", err)
	}
	for i := 0; i < len(indices); i += 3 {
		var b [3]uint32
		for k := range b {
			b[k] = binary.LittleEndian.Uint32(got[4*(i+k):])
		}
		a := [3]uint32(indices[i:])
		if b != a && b != [3]uint32{a[1], a[2], a[0]} && b != [3]uint32{a[2], a[0], a[1]} {
			t.Fatalf("triangle %d: got %v, want %v", i/3, b, a)
		}
	}
	if !bytes.Equal(src, EncodeTriangles(indices)) {
		t.Fatalf("other bytes the second time")
	}
}

func TestIndicesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]uint32{3, 300, indexLimit - 1}).Draw(t, "limit")
		indices := rapid.SliceOfN(rapid.Uint32Range(0, limit), 0, 300).Draw(t, "indices")
		got := make([]byte, 4*len(indices))
		if err := Decode(got, EncodeIndices(indices), len(indices), 4, Indices, None); err != nil {
			t.Fatal(err)
		}
		if want := indexBytes(indices, 4); !bytes.Equal(got, want) {
			t.Fatalf("got % x, want % x", got, want)
		}
	})
}

// A strip of squares, row by row, is a byte for each triangle and little more: if
// this grows, the encoder misses edges or neighbors of the last index.
func TestTrianglesAreSmall(t *testing.T) {
	indices := grid(40)
	if n := len(EncodeTriangles(indices)); n > len(indices)/3+140 {
		t.Errorf("%d bytes for %d triangles", n, len(indices)/3)
	}
}

func TestIndicesTooLarge(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an index of 1<<30 did not panic")
		}
	}()
	EncodeIndices([]uint32{indexLimit})
}
