package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/textures"
)

// encodeOptions are what only packing has.
type encodeOptions struct {
	out, codec, wrap string
	edge, quality    int
	alpha            bool
	cutoff           float64
	psnr, angle      float64
}

// encodeFlags names their flags.
func encodeFlags() []string {
	return []string{"out", "codec", "wrap", "edge", "quality", "alpha", "cutoff", "psnr", "angle"}
}

func codecNames() []string {
	return []string{string(textures.JPEGCodec), string(textures.PNGCodec), string(textures.WebPCodec), string(textures.LosslessWebPCodec), string(textures.AutoCodec)}
}

func wrapModes() map[string]textures.Wrap {
	return map[string]textures.Wrap{"repeat": textures.Repeat, "mirror": textures.Mirror, "clamp": textures.Clamp}
}

func (e *encodeOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&e.out, "out", "o", "", "file to write, or a folder for several images (required to pack)")
	f.StringVar(&e.codec, "codec", "", strings.Join(codecNames(), ", ")+", which takes what packs best for browsers (default by OUT's extension; auto in a folder)")
	f.IntVar(&e.quality, "quality", 0, "1 to 100 on the scale of cwebp or libjpeg, instead of looking for what keeps a target")
	f.Float64Var(&e.psnr, "psnr", 0, "target in dB, instead of the recipe's")
	f.Float64Var(&e.angle, "angle", 0, "target in degrees that 99 of 100 normals stay within, instead of the recipe's")
	f.IntVar(&e.edge, "edge", 0, "pixels that the longer side has at most; the other follows, and nothing is enlarged")
	f.StringVar(&e.wrap, "wrap", "repeat", "how the image goes on beyond its edges when it is resized: repeat, mirror, clamp")
	f.BoolVar(&e.alpha, "alpha", true, "alpha of light is opacity: colors count by it when they are resized; --alpha=false where it is anything else")
	f.Float64Var(&e.cutoff, "cutoff", 0, "alpha from which on a pixel is seen, above 0 and at most 1, where it is all or nothing (glTF's MASK): as much stays seen when resized")
	for flag, values := range map[string][]string{"codec": codecNames(), "wrap": {"repeat", "mirror", "clamp"}} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}

// checkEncode tells what is wrong with the flags of packing.
func (o textureOptions) checkEncode() error {
	e := o.encode
	_, wraps := wrapModes()[e.wrap]
	used, _ := parseChannels(o.channels) // checked before
	light := textures.Role(o.role).Light()
	finite := func(x float64) bool { return x > 0 && !math.IsInf(x, 1) }
	for _, wrong := range []struct {
		is   bool
		text string
	}{
		{!wraps, fmt.Sprintf("--wrap is %q, none of repeat, mirror, clamp", e.wrap)},
		{o.given("codec") && !slices.Contains(codecNames(), e.codec), fmt.Sprintf("--codec is %q, none of %s", e.codec, strings.Join(codecNames(), ", "))},
		{o.given("edge") && e.edge < 1, fmt.Sprintf("--edge %d is not 1 or more pixels", e.edge)},
		{o.given("quality") && (e.quality < 1 || e.quality > 100), fmt.Sprintf("--quality %d is not 1 to 100", e.quality)},
		{o.given("quality") && (o.given("psnr") || o.given("angle")), "--quality is the codec's own scale, --psnr and --angle are what to look for; give one of them"},
		{o.given("psnr") && !finite(e.psnr), fmt.Sprintf("--psnr %g is not above 0 dB", e.psnr)},
		{o.given("angle") && o.role != string(textures.Normal), fmt.Sprintf("--angle is for --role normal; %s has --psnr", o.role)},
		{o.given("angle") && (!finite(e.angle) || e.angle > 180), fmt.Sprintf("--angle %g is not above 0 and at most 180 degrees", e.angle)},
		{o.given("cutoff") && !light, "--cutoff is for --role color and emissive, whose alpha is opacity"},
		{o.given("cutoff") && !(e.cutoff > 0 && e.cutoff <= 1), fmt.Sprintf("--cutoff %g is not above 0 and at most 1", e.cutoff)},
		{o.given("cutoff") && (!e.alpha || used != 0 && used&textures.A == 0), "--cutoff is about alpha, which --alpha=false or --channels leave out"},
	} {
		if wrong.is {
			return usageError{errors.New(wrong.text)}
		}
	}
	return nil
}
