package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"maps"
	"math"
	"os/exec"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// A score says how good a coded image is; more is better.
type score struct {
	name string
	of   func(textures.Difference) float64
}

var (
	byPSNR  = score{"PSNR", func(d textures.Difference) float64 { return d.PSNR }}
	byAngle = score{"99 % angle", func(d textures.Difference) float64 { return -d.Angle }}
)

// besideCJPEG looks for the bytes that cjpeg needs to be as near as our JPEGs of the universal
// form are.
func besideCJPEG(ctx context.Context, b *bench) error {
	if missing("cjpeg", "libjpeg-turbo-progs") {
		return nil
	}
	fmt.Printf("JPEGs of the universal form of level %d beside `cjpeg -optimize -progressive` at the same quality, as our metric has it: bytes, ours as a\n", b.level)
	fmt.Println("ratio. `-sample 1x1` alone, and the best of all that cjpeg can do: 1x1, 2x2 for light, `-rgb` for normals and data, `-grayscale` for gray")
	fmt.Println("images. Between two qualities of cjpeg, bytes are interpolated.")
	fmt.Println()
	fmt.Println("| product | role | size | equal | value | ours | cjpeg 1x1 | ratio | its best | ratio | with |")
	fmt.Println("|---|---|---:|---|---:|---:|---:|---:|---:|---:|---|")
	all := map[string]*means{}
	err := b.each(ctx, asset.Universal, func(p *product, x *shown) error {
		want := x.wanted()
		if x.asItCame() || x.Codec != "jpeg" || seesThrough(want, x.from.Use) {
			return nil
		}
		ours, err := difference(want, x.data, x.from.Use)
		if err != nil {
			return err
		}
		scores := []score{byPSNR}
		if x.from.How.Role == textures.Normal {
			scores = append(scores, byAngle)
		}
		for _, s := range scores {
			equal, best, with, err := b.matched(ctx, x, want, s, s.of(ours))
			if err != nil {
				return err
			}
			n := float64(len(x.data))
			fmt.Printf("| %s | %s | %d x %d | %s | %.2f | %.0f | %s | %s | %s | %s | %s |\n", p.name, x.Role, x.Width, x.Height, s.name,
				math.Abs(s.of(ours)), n, bytesText(equal), ratioText(n, equal), bytesText(best), ratioText(n, best), with)
			group := x.Role + ", equal " + s.name
			if all[group] == nil {
				all[group] = &means{}
			}
			all[group].add(n/equal, n/best)
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Println("\n| geometric means | images | of cjpeg 1x1 | of its best | cjpeg never gets there |\n|---|---:|---:|---:|---:|")
	for _, group := range slices.Sorted(maps.Keys(all)) {
		m := all[group]
		fmt.Printf("| %s | %d | %.3f | %.3f | %d |\n", group, m.n, m.of(0), m.of(1), m.never)
	}
	fmt.Println()
	return nil
}

// matched is the bytes cjpeg needs for a score: with 1x1 alone, and the least of all ways, and
// which that is.
func (b *bench) matched(ctx context.Context, x *shown, want *image.NRGBA, s score, goal float64) (equal, best float64, with string, err error) {
	best = math.Inf(1)
	for k, way := range ways(x.from.How.Role, want) {
		at := func(quality int) (size, value float64, err error) {
			data, err := b.cjpeg(ctx, want, append(way, "-optimize", "-progressive", "-quality", fmt.Sprint(quality))...)
			if err != nil {
				return 0, 0, err
			}
			d, err := difference(want, data, x.from.Use)
			return float64(len(data)), s.of(d), err
		}
		n, err := bytesAt(goal, at)
		if err != nil {
			return 0, 0, "", err
		}
		if k == 0 {
			equal = n
		}
		if n < best {
			best, with = n, way[len(way)-1]
		}
	}
	return equal, best, with, nil
}

// ways are cjpeg's switches that are worth a try, the one that is asked about first.
func ways(role textures.Role, img *image.NRGBA) [][]string {
	out := [][]string{{"-sample", "1x1"}}
	if s := img.Pix; gray(s) {
		return append(out, []string{"-grayscale"})
	}
	if role.Light() {
		return append(out, []string{"-sample", "2x2"})
	}
	return append(out, []string{"-sample", "1x1", "-rgb"})
}

func gray(pix []uint8) bool {
	for i := 0; i < len(pix); i += 4 {
		if pix[i] != pix[i+1] || pix[i] != pix[i+2] {
			return false
		}
	}
	return true
}

// bytesAt searches for the lowest quality, 1 to 100, whose value is at least goal, and returns
// the bytes at goal, between those of it and of the one below. They are infinite where no
// quality will do.
func bytesAt(goal float64, at func(quality int) (size, value float64, err error)) (float64, error) {
	type point struct{ size, value float64 }
	known := map[int]point{}
	look := func(q int) (point, error) {
		if p, ok := known[q]; ok {
			return p, nil
		}
		n, v, err := at(q)
		known[q] = point{n, v}
		return known[q], err
	}
	lo, hi := 0, 101 // values are below goal at lo, not at hi
	for hi-lo > 1 {
		middle := (lo + hi) / 2
		p, err := look(middle)
		if err != nil {
			return 0, err
		}
		if p.value >= goal {
			hi = middle
		} else {
			lo = middle
		}
	}
	switch {
	case hi > 100:
		return math.Inf(1), nil
	case lo < 1:
		return known[hi].size, nil
	}
	a, z := known[lo], known[hi]
	if math.IsInf(z.value, 1) {
		return z.size, nil
	}
	t := (goal - a.value) / (z.value - a.value)
	return a.size * math.Pow(z.size/a.size, t), nil
}

func bytesText(n float64) string {
	if math.IsInf(n, 1) {
		return "never"
	}
	return fmt.Sprintf("%.0f", n)
}

func ratioText(n, of float64) string {
	if math.IsInf(of, 1) {
		return ""
	}
	return fmt.Sprintf("%.2f", n/of)
}

// means are geometric means of two ratios, over where both are known.
type means struct {
	n, never int
	logs     [2]float64
}

func (m *means) add(a, b float64) {
	if !(a > 0 && b > 0) {
		m.never++ // the peer's bytes are infinite
		return
	}
	m.n++
	m.logs[0] += math.Log(a)
	m.logs[1] += math.Log(b)
}

func (m *means) of(k int) float64 { return math.Exp(m.logs[k] / float64(m.n)) }

// cjpeg packs an image without its alpha.
func (b *bench) cjpeg(ctx context.Context, img *image.NRGBA, args ...string) ([]byte, error) {
	ppm := fmt.Appendf(nil, "P6\n%d %d\n255\n", img.Rect.Dx(), img.Rect.Dy())
	for i := 0; i < len(img.Pix); i += 4 {
		ppm = append(ppm, img.Pix[i:i+3]...)
	}
	cmd := exec.CommandContext(ctx, "cjpeg", args...)
	var out, talk bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(ppm), &out, &talk
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("cjpeg %s: %w: %s", strings.Join(args, " "), err, talk.String())
	}
	return out.Bytes(), nil
}
