//go:build !amd64 || purego

package textures

func across(dst, src []float32, k *kernel) { acrossGo(dst, src, k) }

func down(sum, src []float32, w *[4]float32) { downGo(sum, src, w) }
