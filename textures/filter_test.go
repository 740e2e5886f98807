package textures

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func numbers(t *rapid.T, n int) []float32 {
	return rapid.SliceOfN(rapid.Float32Range(-8, 8), n, n).Draw(t, "numbers")
}

// same compares bits, so that -0 isn't 0.
func same(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// On amd64 this compares assembly with Go, elsewhere and with the tag purego Go with
// itself.
func TestFiltersAreTheSameOnEveryProcessor(t *testing.T) {
	t.Run("across", rapid.MakeCheck(func(t *rapid.T) {
		k := newKernel(rapid.IntRange(1, 40).Draw(t, "src"), rapid.IntRange(1, 40).Draw(t, "dst"), Repeat)
		src := numbers(t, quad*k.length)
		got, want := make([]float32, quad*len(k.first)), make([]float32, quad*len(k.first))
		across(got, src, &k)
		acrossGo(want, src, &k)
		if !same(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}))
	t.Run("down", rapid.MakeCheck(func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "pixels")
		w := [4]float32(numbers(t, 4))
		src, got := numbers(t, quad*n), numbers(t, lanes*n)
		want := slices.Clone(got)
		down(got, src, &w)
		downGo(want, src, &w)
		if !same(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}))
}
