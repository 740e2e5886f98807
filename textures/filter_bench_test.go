package textures

import "testing"

func BenchmarkAcross(b *testing.B) {
	k := newKernel(2048, 512, Repeat)
	src, dst := make([]float32, quad*k.length), make([]float32, quad*512)
	for name, f := range map[string]func(dst, src []float32, k *kernel){"in Go": acrossGo, "as this processor does": across} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(4 * 4 * 2048) // bytes of pixels
			for b.Loop() {
				f(dst, src, &k)
			}
		})
	}
}
