package main

import (
	"encoding/json"
	"fmt"
	"image"
	"math"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/textures"
)

func runCompare(c console, o textureOptions) error {
	for _, flag := range encodeFlags() {
		if o.given(flag) {
			return usageError{fmt.Errorf("texture --compare writes no file, and takes no --%s", flag)}
		}
	}
	if len(o.files) != 2 {
		return usageError{fmt.Errorf("texture --compare wants two images, got %d", len(o.files))}
	}
	if err := o.check(); err != nil {
		return err
	}
	recipe, err := o.recipe.recipe()
	if err != nil {
		return err
	}
	var images [2]*image.NRGBA
	for i, file := range o.files {
		if images[i], _, err = readImage(c, file, recipe.Limits); err != nil {
			return err
		}
	}
	d, err := textures.Compare(images[0], images[1], o.use(images[:]...))
	if err != nil {
		return &scene.FormatError{Code: "image", Where: strings.Join(o.files, " and "), What: "can't be compared: " + err.Error()}
	}
	if o.json {
		return json.NewEncoder(c.out).Encode(d)
	}
	showDifference(c, d)
	return nil
}

func showDifference(c console, d textures.Difference) {
	t := table.NewWriter()
	t.SetOutputMirror(c.out)
	t.SetStyle(table.StyleLight)
	of := "of the worst channel"
	if d.Use.Role.Light() || d.Use.Role == textures.Normal {
		of = "of all channels"
	}
	t.AppendRows([]table.Row{
		{"pixels", fmt.Sprintf("%d by %d", d.Width, d.Height)},
		{"PSNR", decibels(d.PSNR) + ", " + of},
	})
	for i, name := range [4]string{"red", "green", "blue", "alpha"} {
		if d.Use.Used&(1<<i) != 0 {
			t.AppendRow(table.Row{"  " + name, decibels(d.Channels[i])})
		}
	}
	t.AppendRow(table.Row{"SSIM", fmt.Sprintf("%.5f", d.SSIM)})
	if d.Use.Role == textures.Normal {
		t.AppendRow(table.Row{"angle", angles(d)})
	}
	if d.Use.Role.Light() {
		t.AppendRow(table.Row{"shift of blocks", fmt.Sprintf("99 %% within %.2f codes", d.Shift)})
		t.AppendRow(table.Row{"detail", fmt.Sprintf("%.5f, of 1", d.Detail)})
	}
	t.Render()
}

// angles says how far normals turned, and whether that speaks for the image.
func angles(d textures.Difference) string {
	if d.Normals == 0 {
		return "no pixel of the first image is a normal"
	}
	share := 100 * float64(d.Normals) / (float64(d.Width) * float64(d.Height))
	return fmt.Sprintf("%.2f degrees, mean; 99 %% within %.2f, all within %.2f; %.4g %% of the pixels are normals", d.MeanAngle, d.Angle, d.MaxAngle, share)
}

// decibels is a PSNR as text.
func decibels(x float64) string {
	if math.IsInf(x, 1) {
		return "equal"
	}
	return fmt.Sprintf("%.2f dB", x)
}
