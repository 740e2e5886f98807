package jpeg

import "testing"

// The steps of a search, and what comes after it.
func BenchmarkJPEG(b *testing.B) {
	img := picture(1024, 1024)
	t, err := Transform(img, RGB)
	if err != nil {
		b.Fatal(err)
	}
	steps := []Steps{Flat(20), Flat(20), Flat(20)}
	how := Rounding{0.63, 0.54}
	q := t.Quantize(steps, how)
	for _, stage := range []struct {
		name string
		run  func()
	}{
		{"transform", func() { _, err = Transform(img, RGB) }},
		{"quantize", func() { t.Quantize(steps, how) }},
		{"image", func() { q.Image() }},
		{"encode", func() { q.Encode() }},
	} {
		b.Run(stage.name, func(b *testing.B) {
			b.SetBytes(int64(len(img.Pix)))
			for b.Loop() {
				stage.run()
			}
		})
	}
}
