package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// usual are the sizes of products whose conversion is timed, in bytes.
var usual = [2]int{2_500_000, 4_000_000}

// conversions times whole conversions beside as many runs of glTF-Transform as there are
// levels, each at the size that the largest image of the level has.
func conversions(ctx context.Context, b *bench) error {
	if err := b.install(ctx); err != nil {
		return err
	}
	if _, err := process(exec.CommandContext(ctx, "go", "build", "-o", b.at("plinth"), "./cmd/plinth")); err != nil {
		return err
	}
	fmt.Printf("`plinth convert` (%d levels, both forms) beside %d runs of `gltf-transform optimize --texture-compress webp`, each with the\n", len(b.recipe.Levels), len(b.recipe.Levels))
	fmt.Printf("`--texture-size` of the largest image of our level; products of %.1f to %.1f MB. Seconds, whole processes in turn, the least of %d rounds.\n\n", float64(usual[0])/1e6, float64(usual[1])/1e6, b.times)
	fmt.Println("| product | sizes | ours, wall | CPU | theirs, wall | CPU | ratio, wall | CPU | load |")
	fmt.Println("|---|---|---:|---:|---:|---:|---:|---:|---:|")
	var ours, theirs spent
	var ratios []float64
	for _, p := range b.products {
		if len(p.source) < usual[0] || len(p.source) > usual[1] {
			continue
		}
		sizes, err := b.sizes(ctx, p)
		if err != nil {
			return err
		}
		var o, t spent
		for range b.times {
			took, err := process(exec.CommandContext(ctx, b.at("plinth"), "convert", p.file, "-o", b.at("out"), "--quiet"))
			if err != nil {
				return err
			}
			o = o.least(took)
			if took, err = b.optimize(ctx, p, sizes); err != nil {
				return err
			}
			t = t.least(took)
		}
		ours, theirs, ratios = ours.plus(o), theirs.plus(t), append(ratios, o.wall/t.wall)
		fmt.Printf("| %s | %v | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %s |\n", p.name, sizes, o.wall, o.cpu, t.wall, t.cpu, o.wall/t.wall, o.cpu/t.cpu, load())
	}
	if len(ratios) == 0 {
		return errors.New("no product is of the size that is timed")
	}
	fmt.Printf("| all | | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | |\n", ours.wall, ours.cpu, theirs.wall, theirs.cpu, ours.wall/theirs.wall, ours.cpu/theirs.cpu)
	fmt.Printf("| median | | | | | | %.2f | | |\n\n", median(ratios))
	return nil
}

// sizes are the longest edges of the images of each level, in the web form.
func (b *bench) sizes(ctx context.Context, p *product) ([]int, error) {
	result, err := b.levels(ctx, p)
	if err != nil {
		return nil, err
	}
	var out []int
	for _, l := range result.Manifest.Levels {
		r, ok := l.Rendition(asset.Web)
		if !ok {
			return nil, fmt.Errorf("%s: level %d has no web form", p.name, l.Level)
		}
		edge := 1
		for _, t := range r.Textures {
			edge = max(edge, t.Width, t.Height)
		}
		out = append(out, edge)
	}
	return out, nil
}

// optimize runs the peer once for each size and returns what all took.
func (b *bench) optimize(ctx context.Context, p *product, sizes []int) (all spent, err error) {
	for _, size := range sizes {
		took, err := process(exec.CommandContext(ctx, filepath.Join(b.peers, "node_modules/.bin/gltf-transform"), "optimize", p.file, b.at("theirs.glb"),
			"--texture-compress", "webp", "--texture-size", fmt.Sprint(size)))
		if err != nil {
			return all, err
		}
		all = all.plus(took)
	}
	return all, nil
}
