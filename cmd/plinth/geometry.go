package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

type reduceOptions struct {
	file      string
	out       string
	ratios    []string
	deviation float64
	form      string
	json      bool
	recipe    recipeFlags
}

func (o *reduceOptions) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.out, "out", "o", "", "file to write, or a folder for several ratios (required)")
	cmd.Flags().StringVar(&o.form, "form", asset.Universal, "how it is packed: "+asset.Universal+", "+asset.Web)
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON, one line a file, instead of the table")
	o.recipe.add(cmd)
	_ = cmd.RegisterFlagCompletionFunc("form", cobra.FixedCompletions([]string{asset.Universal, asset.Web}, cobra.ShellCompDirectiveNoFileComp))
}

func newSimplify(c console) *cobra.Command {
	var o reduceOptions
	cmd := &cobra.Command{
		Use:   "simplify FILE -o OUT",
		Short: "Take a model's triangles down to a ratio or a deviation",
		Long: `Simplify takes the triangles of a model down to a share of them, or as far as its surface
stays within a deviation in meters, or to what comes first of both. Images stay as they
came. Several ratios are written to a folder, NAME.RATIO.glb each.

It is for engineers who want a mesh of a certain size; "plinth convert" makes what shoppers
load. The table's distances are sampled both ways, in meters.`,
		Example: `  plinth simplify chair.glb -o half.glb --ratio 0.5
  plinth simplify chair.glb -o levels --ratio 0.5,0.25,0.125
  plinth simplify chair.glb -o close.glb --deviation 0.001 --form web --json`,
		Args: args(1, 1, "one file"),
		RunE: func(cmd *cobra.Command, files []string) error {
			o.file = files[0]
			return runSimplify(cmd.Context(), c, o)
		},
	}
	cmd.Flags().StringSliceVar(&o.ratios, "ratio", nil, "share of the triangles to keep, above 0 and at most 1; several with commas, falling")
	cmd.Flags().Float64Var(&o.deviation, "deviation", 0, "meters that the surface may move; it is measured, not estimated")
	o.add(cmd)
	return cmd
}

func newPack(c console) *cobra.Command {
	var o reduceOptions
	cmd := &cobra.Command{
		Use:   "pack FILE -o OUT",
		Short: "Write a model in another form, with all its triangles",
		Long: `Pack writes a model in a form without simplifying it. The web form keeps positions to a
twelfth of a pixel at the recipe's finest level, normals to 0.4 degrees on average and 1.2 at
worst, and texture coordinates to an eighth of a texel. It needs EXT_meshopt_compression,
KHR_mesh_quantization and KHR_texture_transform. Images stay as they came.

It reads what the web form writes, and files that are packed with Draco, and so also unpacks.`,
		Example: `  plinth pack chair.glb -o chair.web.glb --form web
  plinth pack draco.glb -o plain.glb`,
		Args: args(1, 1, "one file"),
		RunE: func(cmd *cobra.Command, files []string) error {
			o.file = files[0]
			return runReduce(cmd.Context(), c, o, []mesh.Target{{}}, []string{o.out})
		},
	}
	o.add(cmd)
	return cmd
}

func runSimplify(ctx context.Context, c console, o reduceOptions) error {
	if len(o.ratios) == 0 && o.deviation == 0 {
		return usageError{errors.New("simplify needs --ratio or --deviation")}
	}
	if !(o.deviation >= 0) || math.IsInf(o.deviation, 0) {
		return usageError{fmt.Errorf("--deviation %g is no length in meters", o.deviation)}
	}
	targets, outs := []mesh.Target{{Deviation: float32(o.deviation)}}, []string{o.out}
	if len(o.ratios) > 0 {
		targets, outs = nil, nil
	}
	name := strings.TrimSuffix(filepath.Base(o.file), filepath.Ext(o.file))
	for i, text := range o.ratios {
		ratio, err := strconv.ParseFloat(text, 64)
		if err != nil || !(ratio > 0 && ratio <= 1) {
			return usageError{fmt.Errorf("--ratio %s is not above 0 and at most 1", text)}
		}
		if i > 0 && ratio >= targets[i-1].Ratio {
			return usageError{fmt.Errorf("--ratio %s: ratios must fall, and %g comes before", text, targets[i-1].Ratio)}
		}
		targets = append(targets, mesh.Target{Ratio: ratio, Deviation: float32(o.deviation)})
		if len(o.ratios) == 1 {
			outs = append(outs, o.out)
		} else {
			outs = append(outs, filepath.Join(o.out, fmt.Sprintf("%s.%g.glb", name, ratio)))
		}
	}
	return runReduce(ctx, c, o, targets, outs)
}

// reduction is what is printed of one file.
type reduction struct {
	File      string          `json:"file"`
	Ratio     float64         `json:"ratio,omitempty"`
	Triangles int64           `json:"triangles"`
	Source    int64           `json:"sourceTriangles"`
	Vertices  int64           `json:"vertices"`
	Bytes     int             `json:"bytes"`
	Distance  mesh.Difference `json:"distance"`
	Reasons   []string        `json:"reasons"`
}

func runReduce(ctx context.Context, c console, o reduceOptions, targets []mesh.Target, outs []string) error {
	if o.out == "" {
		return usageError{errors.New("needs -o OUT")}
	}
	recipe, err := o.recipe.recipe()
	if err != nil {
		return err
	}
	src, err := readSource(o.file, recipe.Limits.Bytes)
	if err != nil {
		return err
	}
	before, err := pipeline.Examine(src, recipe)
	if err != nil {
		return fmt.Errorf("%s: %w", o.file, err)
	}
	levels, err := pipeline.Reduce(ctx, src, targets, o.form, recipe)
	if err != nil {
		return fmt.Errorf("%s: %w", o.file, err)
	}
	t := table.NewWriter()
	t.SetOutputMirror(c.out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"file", "triangles", "bytes", "rms m", "max m", "normal °", "uv"})
	for i, l := range levels {
		if err := writeWhole(outs[i], l.Data); err != nil {
			return err
		}
		r := reduction{outs[i], targets[i].Ratio, l.Triangles, before.Triangles, l.Vertices, len(l.Data), l.Difference, append([]string{}, l.Reasons...)}
		if o.json {
			if err := json.NewEncoder(c.out).Encode(r); err != nil {
				return err
			}
			continue
		}
		d := l.Difference
		t.AppendRow(table.Row{r.File, fmt.Sprintf("%d of %d", r.Triangles, r.Source), r.Bytes, fmt.Sprintf("%.3g", d.RMS), fmt.Sprintf("%.3g", d.Max), fmt.Sprintf("%.2f", d.Normal), fmt.Sprintf("%.2g", d.UV)})
		for _, why := range l.Reasons {
			_, _ = fmt.Fprintf(c.err, "plinth: %s: more triangles than asked for: %s\n", r.File, why)
		}
	}
	if !o.json {
		t.Render()
	}
	return nil
}

// writeWhole writes a file under another name first, so that it is there whole or not at
// all.
func writeWhole(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".plinth-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error says more
	}
	return err
}

func newDiff(c console) *cobra.Command {
	var (
		asJSON bool
		flags  recipeFlags
	)
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Tell how far the surfaces of two models lie apart",
		Long: `Diff samples the surfaces of two models, as they stand in the world at rest, both ways: the
largest distance, the root mean square and the mean, in meters and as a share of the first
one's diagonal; the mean angle between normals, and the mean distance of texture coordinates.`,
		Example: `  plinth diff chair.glb half.glb
  plinth diff chair.glb half.glb --json | jq .rms`,
		Args: args(2, 2, "two files"),
		RunE: func(_ *cobra.Command, files []string) error {
			r, err := flags.recipe()
			if err != nil {
				return err
			}
			return runDiff(c, files, r, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	flags.add(cmd)
	return cmd
}

func runDiff(c console, files []string, r pipeline.Recipe, asJSON bool) error {
	var sources [2][]byte
	for i, f := range files {
		var err error
		if sources[i], err = readSource(f, r.Limits.Bytes); err != nil {
			return err
		}
		if _, err := pipeline.Examine(sources[i], r); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	d, err := pipeline.Compare(sources[0], sources[1], r)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(d)
	}
	t := table.NewWriter()
	t.SetOutputMirror(c.out)
	t.SetStyle(table.StyleLight)
	meters := func(x float64) string { return fmt.Sprintf("%.4g m, %.4g %% of the diagonal", x, 100*x/d.Diagonal) }
	t.AppendRows([]table.Row{
		{"triangles", fmt.Sprintf("%d and %d", d.Triangles[0], d.Triangles[1])},
		{"bytes", fmt.Sprintf("%d and %d", d.Bytes[0], d.Bytes[1])},
		{"largest distance", meters(d.Max)},
		{"root mean square", meters(d.RMS)},
		{"mean", meters(d.Mean)},
		{"normals", fmt.Sprintf("%.3f degrees, mean", d.Normal)},
		{"texture coordinates", fmt.Sprintf("%.3g, mean", d.UV)},
	})
	t.Render()
	return nil
}
