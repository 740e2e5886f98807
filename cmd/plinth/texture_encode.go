package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"math"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
	"github.com/plinth3d/plinth/textures/jpeg"
)

// packedImage is what is printed of one file: names that the manifest has mean the same.
type packedImage struct {
	File string `json:"file"`
	asset.Texture
	SourceBytes int      `json:"sourceBytes"`
	Channels    string   `json:"channels"`
	SSIM        float64  `json:"ssim"`
	Shift       *float64 `json:"shift,omitempty"`  // of light
	Detail      *float64 `json:"detail,omitempty"` // of light
	Kept        *bool    `json:"kept,omitempty"`   // the target; absent with --quality
}

func runEncode(ctx context.Context, c console, o textureOptions) error {
	if o.encode.out == "" {
		return usageError{errors.New("texture needs -o OUT, or --compare A B")}
	}
	if err := o.check(); err != nil {
		return err
	}
	if err := o.checkEncode(); err != nil {
		return err
	}
	to, err := o.target()
	if err != nil {
		return err
	}
	recipe, err := o.recipe.recipe()
	if err != nil {
		return err
	}
	return o.packAll(ctx, c, to, recipe)
}

// packAll goes on past images that can't be packed.
func (o textureOptions) packAll(ctx context.Context, c console, to target, recipe pipeline.Recipe) error {
	code := exitOK
	var done []packedImage
	for _, file := range o.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := o.pack(c, file, to, recipe)
		if err != nil {
			_, _ = fmt.Fprintf(c.err, "plinth: %v\n", err)
			code = max(code, exitCode(err))
			continue
		}
		done = append(done, p)
		if o.json {
			if err := json.NewEncoder(c.out).Encode(p); err != nil {
				return err
			}
		}
	}
	if !o.json && len(done) > 0 {
		showPacked(c, done)
	}
	if code != exitOK {
		return failed{code}
	}
	return nil
}

// pack reads, resizes, packs and writes one image. Its figures are those of the file as
// it is read again, so that --compare has the same.
func (o textureOptions) pack(c console, file string, to target, recipe pipeline.Recipe) (packedImage, error) {
	source, size, err := readImage(c, file, recipe.Limits)
	if err != nil {
		return packedImage{}, err
	}
	use := o.use(source)
	use.Quality = o.quality(recipe)
	if asked := use.Role; use.For(source).Role != asked {
		use = use.For(source)
		tellNoNormals(c, file, textures.NormalShare(source))
	}
	img := o.resized(source, use)
	coded, err := textures.EncodeAs(img, use, to.codec, o.encode.quality)
	if err != nil {
		return packedImage{}, uncodable(file, err)
	}
	back, err := textures.Decode(coded.Data, int64(len(img.Pix)))
	if err != nil {
		return packedImage{}, fmt.Errorf("read back %s: %w", file, err)
	}
	d, err := textures.Compare(img, back, use)
	if err != nil {
		return packedImage{}, fmt.Errorf("read back %s: %w", file, err)
	}
	name := to.name(file, coded)
	if err := o.reads(name); err != nil {
		return packedImage{}, usageError{err}
	}
	if err := writeWhole(name, coded.Data); err != nil {
		return packedImage{}, err
	}
	p := described(d, coded)
	p.File, p.SourceBytes, p.SourceWidth, p.SourceHeight = name, size, source.Rect.Dx(), source.Rect.Dy()
	if !o.given("quality") {
		kept := coded.Kept(use.Quality)
		p.Kept = &kept
		tellMissed(c, name, coded, use.Quality)
	}
	return p, nil
}

// quality is what a search has to keep.
func (o textureOptions) quality(recipe pipeline.Recipe) textures.Quality {
	if o.given("psnr") || o.given("angle") {
		return textures.Quality{PSNR: o.encode.psnr, Angle: o.encode.angle}
	}
	r := recipe.Roles[textures.Role(o.role)]
	return r.Quality()
}

// resized is an image of at most --edge pixels along its longer side. What is hidden by
// its alpha takes the colors beside it, which samplers mix with it.
func (o textureOptions) resized(img *image.NRGBA, u textures.Use) *image.NRGBA {
	wrap := wrapModes()[o.encode.wrap]
	how := textures.Resample{
		Role: u.Role, WrapS: wrap, WrapT: wrap,
		Alpha: o.encode.alpha && u.Role.Light() && u.Used&textures.A != 0, Cutoff: o.encode.cutoff,
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if longer := max(w, h); o.encode.edge >= 1 && o.encode.edge < longer {
		scaled := func(n int) int {
			return int(max((2*int64(n)*int64(o.encode.edge)+int64(longer))/(2*int64(longer)), 1))
		}
		img = textures.Resize(img, scaled(w), scaled(h), how)
	}
	if how.Alpha {
		img = textures.Bleed(img)
	}
	return img
}

// uncodable is what an image makes of a codec that can't hold it.
func uncodable(file string, err error) error {
	switch {
	case errors.Is(err, textures.ErrAlpha):
		return &scene.FormatError{Code: "image", Where: file, What: "has alpha, and JPEG has none", Do: "choose PNG or WebP, or leave alpha out with --channels rgb"}
	case errors.Is(err, textures.ErrFormat), errors.Is(err, jpeg.ErrSize):
		return &scene.FormatError{Code: "image", Where: file, What: "can't be packed: " + err.Error(), Do: "choose another codec, or make it smaller with --edge"}
	}
	return fmt.Errorf("%s: %w", file, err)
}

// described is what is known of a packed image, rounded as in the manifest.
func described(d textures.Difference, coded textures.Coded) packedImage {
	hundredths := func(x float64) float64 { return math.Round(x*100) / 100 }
	p := packedImage{
		Texture: asset.Texture{
			Role: string(d.Use.Role), Width: d.Width, Height: d.Height, Codec: strings.TrimPrefix(coded.MIME, "image/"),
			Bytes: int64(len(coded.Data)), GPUBytes: textures.GPUBytes(d.Width, d.Height),
			Angle: d.Angle, MeanAngle: hundredths(d.MeanAngle),
		},
		Channels: channelNames(d.Use.Used), SSIM: math.Round(d.SSIM*1e6) / 1e6,
	}
	if !math.IsInf(d.PSNR, 0) {
		p.PSNR = hundredths(d.PSNR)
	}
	if d.Use.Role.Light() {
		detail := math.Round(d.Detail*1e6) / 1e6
		p.Shift, p.Detail = &d.Shift, &detail
	}
	return p
}

// tellNoNormals says why a normal map is packed as something else.
func tellNoNormals(c console, file string, share float64) {
	what := "no pixel is a normal"
	if share > 0 {
		what = fmt.Sprintf("only %.2g %% of the pixels are normals", 100*share)
	}
	_, _ = fmt.Fprintf(c.err, "plinth: note: %s: %s; it is packed as data\n", file, what)
}

// tellMissed says what a file keeps where it isn't all that was asked.
func tellMissed(c console, name string, coded textures.Coded, q textures.Quality) {
	if coded.Kept(q) {
		return
	}
	var missed []string
	if q.PSNR > coded.PSNR {
		missed = append(missed, fmt.Sprintf("a PSNR of %.2f dB, not %g", coded.PSNR, q.PSNR))
	}
	if q.Detail > coded.Detail {
		missed = append(missed, fmt.Sprintf("%.5f of the detail, not %g", coded.Detail, q.Detail))
	}
	for _, x := range []struct {
		text       string
		got, asked float64
	}{
		{"99 %% of normals within %.2f degrees, not %g", coded.Angle, max(q.Angle, q.Noisy)},
		{"normals within %.2f degrees on average, not %g", coded.Mean, q.Mean},
		{"99 %% of blocks within %.2f codes, not %g", coded.Shift, q.Shift},
	} {
		if x.asked > 0 && x.got > x.asked {
			missed = append(missed, fmt.Sprintf(x.text, x.got, x.asked))
		}
	}
	_, _ = fmt.Fprintf(c.err, "plinth: note: %s misses the target with %s; --codec webp-lossless and png lose nothing\n", name, strings.Join(missed, ", "))
}

func showPacked(c console, all []packedImage) {
	t := table.NewWriter()
	t.SetOutputMirror(c.out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"file", "size", "source bytes", "bytes", "codec", "PSNR", "mean °", "99 % °", "GPU MB"})
	for _, p := range all {
		psnr, mean, most := "equal", "", ""
		if p.PSNR != 0 {
			psnr = decibels(p.PSNR)
		}
		if p.Role == string(textures.Normal) {
			mean, most = fmt.Sprintf("%.2f", p.MeanAngle), fmt.Sprintf("%.2f", p.Angle)
		}
		t.AppendRow(table.Row{p.File, fmt.Sprintf("%d by %d", p.Width, p.Height), p.SourceBytes, p.Bytes, p.Codec, psnr, mean, most, megabytes(p.GPUBytes)})
	}
	t.Render()
}
