package main

import (
	"context"
	"fmt"
	"math"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// losses is what coding lost in all images of a role in a form.
type losses struct {
	images, asIs, lossless int
	angle, mean            float64 // the worst, degrees
	psnr                   float64 // the worst, dB
	noisy                  int     // normals beyond 3 degrees
}

// bounds are what no image may lose more than.
const (
	calmAngle  = 3.0 // degrees, 99th percentile
	noisyAngle = 5.0
	meanAngle  = 1.0
	ormPSNR    = 37.0 // dB, worst channel in use
	lightPSNR  = 36.0
)

// calmCost is how many times the bytes of noisyAngle a map's calmAngle may cost.
const calmCost = 1.5

// tally is what was found of all images.
type tally struct {
	rows   map[string]map[textures.Role]*losses // by form
	noisy  []string                             // rows on normals beyond 3 degrees
	broken []string                             // what is beyond a bound
}

// quality measures every image of every level in every form against the image resized
// without loss.
func quality(ctx context.Context, b *bench) error {
	all := tally{rows: map[string]map[textures.Role]*losses{}}
	for _, form := range b.recipe.Forms {
		all.rows[form] = map[textures.Role]*losses{}
		for _, p := range b.products {
			tried := map[string]bool{}
			for level := range b.recipe.Levels {
				r, err := b.rendition(ctx, p, level, form)
				if err != nil {
					return err
				}
				if tried[r.Key] {
					continue // a finer level's file stands for this one
				}
				tried[r.Key] = true
				for i := range r.images {
					where := fmt.Sprintf("%s, level %d, %s, image %d", p.name, level, form, i)
					if err := all.look(form, where, &r.images[i]); err != nil {
						return fmt.Errorf("%s: %w", where, err)
					}
				}
			}
		}
	}
	all.print(b.recipe.Forms)
	return nil
}

// look measures one image.
func (t *tally) look(form, where string, x *shown) error {
	d, err := x.loss()
	if err != nil {
		return err
	}
	row := t.rows[form][x.from.How.Role]
	if row == nil {
		row = &losses{psnr: math.Inf(1)}
		t.rows[form][x.from.How.Role] = row
	}
	row.add(x, d)
	if bad := beyond(d); bad != "" {
		t.broken = append(t.broken, where+": "+bad)
	}
	if d.Use.Role != textures.Normal || d.Angle <= calmAngle {
		return nil
	}
	line, ok, err := x.noise(form, d)
	if err != nil {
		return err
	}
	if t.noisy = append(t.noisy, fmt.Sprintf("| %s | %s |", where, line)); !ok {
		t.broken = append(t.broken, fmt.Sprintf("%s: %g degrees would cost at most %g times the bytes of %g", where, calmAngle, calmCost, noisyAngle))
	}
	return nil
}

func (l *losses) add(x *shown, d textures.Difference) {
	l.images++
	switch {
	case x.asItCame():
		l.asIs++
	case math.IsInf(d.PSNR, 1):
		l.lossless++
	}
	l.angle, l.mean, l.psnr = max(l.angle, d.Angle), max(l.mean, d.MeanAngle), min(l.psnr, d.PSNR)
	if d.Angle > calmAngle {
		l.noisy++
	}
}

// beyond says which bound is broken; "" is none.
func beyond(d textures.Difference) string {
	switch role := d.Use.Role; {
	case role == textures.Normal && d.MeanAngle > meanAngle:
		return fmt.Sprintf("normals are %.2f degrees off on average", d.MeanAngle)
	case role == textures.Normal && d.Angle > noisyAngle:
		return fmt.Sprintf("normals are %.2f degrees off at the 99th percentile", d.Angle)
	case role == textures.ORM && d.PSNR < ormPSNR:
		return fmt.Sprintf("the worst channel has %.2f dB", d.PSNR)
	case role.Light() && d.PSNR < lightPSNR:
		return fmt.Sprintf("light has %.2f dB", d.PSNR)
	}
	return ""
}

// noise is a row about a map that is beyond 3 degrees, and whether that is right: 3 would cost
// more than 1.5 times the bytes of 5, or can't be had from a lossy codec at all.
func (x *shown) noise(form string, d textures.Difference) (row string, ok bool, err error) {
	var coded [2]textures.Coded
	for k, angle := range []float64{calmAngle, noisyAngle} {
		u := x.from.Use
		u.Quality.Angle, u.Quality.Noisy = angle, 0
		set := textures.Universal
		if form == asset.Web {
			set = textures.Web
		}
		out, err := textures.Encode(x.wanted(), u, set)
		if err != nil {
			return "", false, err
		}
		coded[k] = out[0]
	}
	ratio := float64(len(coded[0].Data)) / float64(len(coded[1].Data))
	row = fmt.Sprintf("%d x %d | %.2f | %.2f | %d | %d | %d | %.2f", x.Width, x.Height, d.MeanAngle, d.Angle, len(x.data), len(coded[0].Data), len(coded[1].Data), ratio)
	return row, ratio > calmCost || coded[0].Angle > calmAngle, nil
}

func (t *tally) print(forms []string) {
	t.printLosses(forms)
	if len(t.noisy) > 0 {
		fmt.Printf("Normal maps beyond %g degrees, and what %g would have cost, of the bytes of %g:\n\n", calmAngle, calmAngle, noisyAngle)
		fmt.Printf("| map | size | mean | 99 %% | bytes | at %g degrees | at %g | ratio |\n|---|---:|---:|---:|---:|---:|---:|---:|\n", calmAngle, noisyAngle)
		for _, line := range t.noisy {
			fmt.Println(line)
		}
		fmt.Println()
	}
	fmt.Printf("Images beyond a bound: %d.\n", len(t.broken))
	for _, line := range t.broken {
		fmt.Println("- " + line)
	}
	fmt.Println()
}

func (t *tally) printLosses(forms []string) {
	fmt.Println("What coding lost, against the image resized without loss: every image of every level's file, the worst of each. PSNR is of the")
	fmt.Println("worst channel in use for ORM and data, of all for the others. Images as they came are the source's own files, at their size.")
	fmt.Println()
	fmt.Println("| form | role | images | as they came | without loss | mean, degrees | 99 %, degrees | beyond 3 degrees | PSNR, dB |")
	fmt.Println("|---|---|---:|---:|---:|---:|---:|---:|---:|")
	for _, form := range forms {
		for _, role := range roles {
			l := t.rows[form][role]
			if l == nil {
				continue
			}
			angles := " | | "
			if role == textures.Normal {
				angles = fmt.Sprintf("%.2f | %.2f | %d", l.mean, l.angle, l.noisy)
			}
			fmt.Printf("| %s | %s | %d | %d | %d | %s | %.2f |\n", form, role, l.images, l.asIs, l.lossless, angles, l.psnr)
		}
	}
	fmt.Println()
}
