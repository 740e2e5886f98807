package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/textures"
)

// roles are what a texture can be for, in the order of the help.
func roles() []string {
	return []string{string(textures.Color), string(textures.Normal), string(textures.ORM), string(textures.Emissive), string(textures.Data)}
}

type textureOptions struct {
	files   []string
	compare bool
	role    string
	json    bool
	recipe  recipeFlags
}

func newTexture(c console) *cobra.Command {
	var o textureOptions
	cmd := &cobra.Command{
		Use:   "texture --compare A B --role ROLE",
		Short: "Tell how far two images lie apart, by what they are for",
		Long: `Texture --compare measures how far image B is from image A. Both are PNG, JPEG or WebP, and have
the same size. The role says what the numbers stand for:

  color, emissive  light in sRGB: PSNR of all channels together, SSIM of the luma, and how
                   far the mean color of blocks of 8 by 8 pixels moves
  normal           directions: PSNR and SSIM of all channels, and angles between normals;
                   pixels of A that are no normal are left out of the angles
  orm, data        numbers: PSNR of the worst channel, mean SSIM of the channels

Alpha is compared where the role is color or data and one of the images has any. Light then
weighs as much as its alpha, the larger of the two: what nobody sees doesn't count. SSIM is
that of Wang et al., 2004: 1 for equal images.`,
		Example: `  plinth texture --compare wood.png wood.jpg --role color
  plinth texture --compare bumps.png bumps.webp --role normal --json | jq .angle`,
		Args: args(2, 2, "two images"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"png", "jpg", "jpeg", "webp"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(_ *cobra.Command, files []string) error {
			o.files = files
			return runTexture(c, o)
		},
	}
	cmd.Flags().BoolVar(&o.compare, "compare", false, "compare two images")
	cmd.Flags().StringVar(&o.role, "role", "", "what the images are for: "+strings.Join(roles(), ", ")+" (required)")
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON; a PSNR is null where nothing differs")
	cmd.Flags().StringVar(&o.recipe.file, "recipe", "", "file with a recipe (JSON), for its limits")
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(roles(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runTexture(c console, o textureOptions) error {
	switch {
	case !o.compare:
		return usageError{errors.New("texture needs --compare A B")}
	case o.role == "":
		return usageError{fmt.Errorf("texture needs --role, one of %s", strings.Join(roles(), ", "))}
	case !slices.Contains(roles(), o.role):
		return usageError{fmt.Errorf("--role is %q, none of %s", o.role, strings.Join(roles(), ", "))}
	}
	recipe, err := o.recipe.recipe()
	if err != nil {
		return err
	}
	var images [2]*image.NRGBA
	for i, file := range o.files {
		if images[i], err = readImage(file, recipe.Limits); err != nil {
			return err
		}
	}
	d, err := textures.Compare(images[0], images[1], usesOf(textures.Role(o.role), images[:]))
	if err != nil {
		return &scene.FormatError{Code: "image", Where: strings.Join(o.files, " and "), What: "can't be compared: " + err.Error()}
	}
	if o.json {
		return json.NewEncoder(c.out).Encode(d)
	}
	showDifference(c, d)
	return nil
}

// readImage reads a PNG, JPEG or WebP file within the limits for models.
func readImage(file string, limits scene.Limits) (*image.NRGBA, error) {
	data, err := readSource(file, limits.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	img, err := textures.Decode(data, limits.Pixels)
	if err != nil {
		return nil, &scene.FormatError{Code: "image", Where: file, What: fmt.Sprintf("can't be read: %v", err), Do: "export it as PNG, JPEG or WebP"}
	}
	return img, nil
}

// usesOf says which channels images have a use for: alpha only where there is any, and the
// role can have it.
func usesOf(role textures.Role, images []*image.NRGBA) textures.Use {
	u := textures.Use{Role: role, Used: textures.RGB}
	for _, img := range images {
		if (role == textures.Color || role == textures.Data) && textures.Analyse(img).Min[3] < 255 {
			u.Used |= textures.A
		}
	}
	return u
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
