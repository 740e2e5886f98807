package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

func newInspect(c console) *cobra.Command {
	var (
		asJSON bool
		flags  recipeFlags
	)
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Tell what is in a model",
		Example: `  plinth inspect chair.glb
  plinth inspect chair.glb --json | jq .facts.size`,
		Args: args(1, 1, "one file"),
		RunE: func(_ *cobra.Command, files []string) error {
			r, err := flags.recipe()
			if err != nil {
				return err
			}
			return runInspect(c, files[0], r, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	flags.add(cmd)
	return cmd
}

func runInspect(c console, file string, r pipeline.Recipe, asJSON bool) error {
	src, err := readSource(file, r.Limits.Bytes)
	if err != nil {
		return err
	}
	m, err := pipeline.Examine(src, r)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(struct {
			Source   asset.Source    `json:"source"`
			Facts    scene.Facts     `json:"facts"`
			Findings []asset.Finding `json:"findings"`
		}{m.Source, m.Facts(), m.Findings})
	}
	f := m.Facts()
	t := table.NewWriter()
	t.SetOutputMirror(c.out)
	t.SetStyle(table.StyleLight)
	t.AppendRows([]table.Row{
		{"file", fmt.Sprintf("%d bytes, %s, sha256 %s", m.Bytes, m.Format, m.SHA256[:16])},
		{"size", size(f.Size)},
		{"radius", fmt.Sprintf("%.4g m", f.Radius)},
		{"triangles", fmt.Sprintf("%d drawn, %d vertices stored", f.Triangles, f.Vertices)},
		{"structure", fmt.Sprintf("%d nodes, %d meshes, %d primitives, %d materials", f.Nodes, f.Meshes, f.Primitives, f.Materials)},
		{"images", fmt.Sprintf("%d, %d bytes, %.0f %% of the file", f.Images, f.ImageBytes, 100*float64(f.ImageBytes)/float64(m.Bytes))},
		{"motion", fmt.Sprintf("%d skins, %d animations, %d morph targets", f.Skins, f.Animations, f.Morphs)},
		{"GPU memory", megabytes(f.GPUBytes) + " MB"},
		{"extensions", strings.Join(f.Extensions, " ")},
	})
	t.Render()
	for _, x := range m.Findings {
		_, _ = fmt.Fprintln(c.out, told(x))
	}
	return nil
}
