package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/textures"
)

// roles are what a texture can be for, in the order of the help.
func roles() []string {
	return []string{string(textures.Color), string(textures.Normal), string(textures.ORM), string(textures.Emissive), string(textures.Data)}
}

type textureOptions struct {
	files    []string
	compare  bool
	role     string
	channels string
	json     bool
	recipe   recipeFlags
	encode   encodeOptions
	given    func(flag string) bool
}

func newTexture(c console) *cobra.Command {
	var o textureOptions
	cmd := &cobra.Command{
		Use:   "texture IN... -o OUT --role ROLE | --compare A B --role ROLE",
		Short: "Pack images by what they are for, or tell how far two lie apart",
		Long: `Texture resizes images and packs them by what they are for. IN is PNG, JPEG or WebP; EXIF's
orientation is applied, no metadata is kept, and colors are taken as sRGB. OUT's extension
(.png, .jpg, .jpeg, .webp) names the codec. Several images, and --codec auto, are written to a
folder, NAME.EXT each; one that isn't there yet is told by a slash at its end.

Without --quality it looks for the smallest file that keeps what the recipe asks of the role, or
--psnr and --angle instead. Where none does, it writes the best and says what that keeps.
--quality is the codec's own scale, without a search: with WebP that of cwebp -q, with JPEG that
of libjpeg, whose colors have half the resolution in the roles color and emissive only. Figures
are of the file that is written, against the image as it was resized.

Texture --compare measures how far image B is from image A, of the same size.

The role says what pixels stand for, how they are resized, and what the numbers say:

  color, emissive  light in sRGB: PSNR of all channels together, SSIM of the luma, and how
                   far the mean color of blocks of 8 by 8 pixels moves and what is kept of
                   their detail
  normal           directions: PSNR and SSIM of all channels, and angles between normals;
                   pixels of A that are no normal are left out of the angles; where less
                   than a tenth of IN's pixels are normals, it is packed as data
  orm, data        numbers: PSNR of the worst channel, mean SSIM of the channels

Alpha counts where the role is color or data and there is any; --channels says otherwise. Light
weighs as much as its alpha, the larger of the two: what nobody sees doesn't count, and takes
the colors beside it. SSIM is that of Wang et al., 2004: 1 for equal images.`,
		Example: `  plinth texture wood.png -o wood.webp --role color
  plinth texture wood.jpg -o small.jpg --role color --edge 512 --quality 80
  plinth texture leaf.png -o leaf.webp --role color --edge 256 --cutoff 0.5
  plinth texture bumps.png -o bumps.jpg --role normal --angle 2
  plinth texture *.png -o packed/ --role orm --channels gb --json
  plinth texture --compare wood.png wood.jpg --role color
  plinth texture --compare bumps.png bumps.jpg --role normal --json | jq .angle`,
		Args: args(1, -1, "one or more images"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"png", "jpg", "jpeg", "webp"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			o.files, o.given = files, cmd.Flags().Changed
			return runTexture(cmd.Context(), c, o)
		},
	}
	cmd.Flags().BoolVar(&o.compare, "compare", false, "compare two images")
	cmd.Flags().StringVar(&o.role, "role", "", "what the images are for: "+strings.Join(roles(), ", ")+" (required)")
	cmd.Flags().StringVar(&o.channels, "channels", "", "channels in use, some of rgba; others may become anything (default rgb, and a where color or data has any)")
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON, one line a file; a PSNR is null or absent where nothing differs")
	cmd.Flags().StringVar(&o.recipe.file, "recipe", "", "file with a recipe (JSON), for its limits and what it asks of roles")
	o.encode.add(cmd)
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(roles(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("channels", cobra.FixedCompletions([]string{"rgb", "rgba", "gb", "r", "g", "b", "a"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runTexture(ctx context.Context, c console, o textureOptions) error {
	if !o.compare {
		return runEncode(ctx, c, o)
	}
	return runCompare(c, o)
}

// check tells what is wrong with what both ways to use the command have.
func (o textureOptions) check() error {
	used, err := parseChannels(o.channels)
	switch {
	case o.role == "":
		return usageError{fmt.Errorf("texture needs --role, one of %s", strings.Join(roles(), ", "))}
	case !slices.Contains(roles(), o.role):
		return usageError{fmt.Errorf("--role is %q, none of %s", o.role, strings.Join(roles(), ", "))}
	case err != nil:
		return usageError{err}
	case o.given("channels") && used == 0:
		return usageError{errors.New("--channels is empty; name some of rgba")}
	case o.role == string(textures.Normal) && used != 0 && used&textures.RGB != textures.RGB:
		return usageError{fmt.Errorf("--channels is %s, and a normal takes all of rgb; --role data takes any", o.channels)}
	}
	return nil
}
