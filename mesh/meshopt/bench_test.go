package meshopt

import (
	"math/rand/v2"
	"testing"
)

const benchCount = 50000

func BenchmarkDecodeAttributes(b *testing.B) {
	data := attributeData(rand.New(rand.NewPCG(1, 2)), benchCount, 8)["words"]
	for name, encode := range map[string]func([]byte, int, Goal) []byte{"v0": EncodeAttributes, "v1": EncodeAttributesV1} {
		b.Run(name, func(b *testing.B) {
			src := encode(data, 8, Smallest)
			out := make([]byte, len(data))
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := Decode(out, src, benchCount, 8, Attributes, None); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncodeAttributes(b *testing.B) {
	data := attributeData(rand.New(rand.NewPCG(1, 2)), benchCount, 8)["words"]
	for name, encode := range map[string]func([]byte, int, Goal) []byte{"v0": EncodeAttributes, "v1": EncodeAttributesV1} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				encode(data, 8, Smallest)
			}
		})
	}
}

func BenchmarkTriangles(b *testing.B) {
	indices := grid(200)
	src := EncodeTriangles(indices)
	out := make([]byte, 4*len(indices))
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			EncodeTriangles(indices)
		}
		b.ReportMetric(float64(len(indices)/3)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtri/s")
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(out)))
		for b.Loop() {
			if err := Decode(out, src, len(indices), 4, Triangles, None); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(indices)/3)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtri/s")
	})
}

func BenchmarkUnfilter(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	units := unitVectors(rnd, benchCount)
	for _, f := range []Filter{Octahedral, Quaternion, Exponential, Color} {
		b.Run(f.String(), func(b *testing.B) {
			data := EncodeQuaternion(units, 12) // whatever it is, the time is the same
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				unfilter(data, 8, f)
			}
		})
	}
}
