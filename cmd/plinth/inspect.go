package main

import (
	"context"
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
		asJSON, images bool

		flags recipeFlags
	)
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Tell what is in a model",
		Example: `  plinth inspect chair.glb
  plinth inspect chair.glb --json | jq .facts.size
  plinth inspect chair.glb --images --json | jq '.images[] | {name, role, levels}'`,
		Args: args(1, 1, "one file"),
		RunE: func(cmd *cobra.Command, files []string) error {
			r, err := flags.recipe()
			if err != nil {
				return err
			}
			return runInspect(cmd.Context(), c, files[0], r, asJSON, images)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&images, "images", false, "tell what each image is for, and what sizes it gets")
	flags.add(cmd)
	return cmd
}

func runInspect(ctx context.Context, c console, file string, r pipeline.Recipe, asJSON, images bool) error {
	src, err := readSource(file, r.Limits.Bytes)
	if err != nil {
		return err
	}
	m, err := pipeline.Examine(src, r)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var studied []pipeline.ImageFacts
	if images {
		if studied, err = pipeline.StudyImages(ctx, src, r); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(struct {
			Source   asset.Source          `json:"source"`
			Facts    scene.Facts           `json:"facts"`
			Findings []asset.Finding       `json:"findings"`
			Images   []pipeline.ImageFacts `json:"images,omitzero"`
		}{m.Source, m.Facts(), m.Findings, studied})
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
	if len(studied) > 0 {
		printImages(c, r, studied)
	}
	for _, x := range m.Findings {
		_, _ = fmt.Fprintln(c.out, told(x))
	}
	return nil
}
