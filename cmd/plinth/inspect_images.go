package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/plinth3d/plinth/pipeline"
)

// printImages prints what images are and are for, then what the recipe makes of them.
func printImages(c console, r pipeline.Recipe, images []pipeline.ImageFacts) {
	t := newImageTable(c, "image", "name", "role", "codec", "bytes", "pixels", "gpu mb", "reads", "constant", "alpha", "wrap", "used by")
	for i := range images {
		f := &images[i]
		t.AppendRow(table.Row{
			f.Index, shown(f.Name), f.Role, f.Codec, f.Bytes, pixelSize([2]int{f.Width, f.Height}), megabytes(f.GPUBytes),
			reads(f), constants(f.Constant), alphaOf(f.Alpha), wrapOf(f), usedBy(f.Uses),
		})
	}
	t.Render()
	header := []any{"image", "texel mm 50 %", "90 %"}
	for _, l := range r.Levels {
		header = append(header, fmt.Sprintf("%d px", l.Height))
	}
	t = newImageTable(c, append(header, "note")...)
	for i := range images {
		f := &images[i]
		row := table.Row{f.Index, "-", "-"}
		if f.TexelMM != nil {
			row[1], row[2] = millimeters(f.TexelMM.P50), millimeters(f.TexelMM.P90)
		}
		for k := range r.Levels {
			row = append(row, levelSize(f, k))
		}
		t.AppendRow(append(row, noteOf(f)))
	}
	t.Render()
	for i := range images {
		for _, n := range images[i].Notes {
			_, _ = fmt.Fprintln(c.out, told(n))
		}
	}
}

func newImageTable(c console, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(c.out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(header)
	return t
}

// shown is a name from a file, short, without what a terminal would act on.
func shown(name string) string {
	const enough = 24
	letters := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name))
	if len(letters) > enough {
		return string(letters[:enough-1]) + "…"
	}
	return string(letters)
}

// pixelSize is one number for a square.
func pixelSize(size [2]int) string {
	if size[0] == size[1] {
		return fmt.Sprint(size[0])
	}
	return fmt.Sprintf("%dx%d", size[0], size[1])
}

func reads(f *pipeline.ImageFacts) string {
	if f.Grey {
		return cmp.Or(f.Channels, "-") + ", grey"
	}
	return cmp.Or(f.Channels, "-")
}

func constants(values map[string]uint8) string {
	var out []string
	for _, c := range "rgba" {
		if v, ok := values[string(c)]; ok {
			out = append(out, fmt.Sprintf("%c=%d", c, v))
		}
	}
	return strings.Join(out, " ")
}

func alphaOf(a pipeline.AlphaFacts) string {
	var out []string
	switch {
	case !a.Used:
		return "-"
	case a.Mode == "":
		out = append(out, "numbers")
	case a.Cutoff > 0:
		out = append(out, fmt.Sprintf("%s %.3g", a.Mode, a.Cutoff))
	default:
		out = append(out, a.Mode)
	}
	if a.Bare {
		out = append(out, "bare")
	}
	return strings.Join(out, ", ")
}

func wrapOf(f *pipeline.ImageFacts) string {
	if f.WrapS == f.WrapT {
		return f.WrapS
	}
	return f.WrapS + " " + f.WrapT
}

// usedBy is one line for each slot, with the materials that have it.
func usedBy(uses []pipeline.ImageUse) string {
	const enough = 2
	names := map[string][]string{}
	for _, u := range uses {
		names[u.Slot] = append(names[u.Slot], cmp.Or(shown(u.Name), fmt.Sprintf("material %d", u.Material)))
	}
	var lines []string
	for _, slot := range slices.Sorted(maps.Keys(names)) {
		of := names[slot]
		text := strings.Join(of[:min(len(of), enough)], ", ")
		if more := len(of) - enough; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		// The extension says little that its texture's name doesn't.
		lines = append(lines, shown(slot[strings.LastIndex(slot, ".")+1:])+": "+text)
	}
	return strings.Join(lines, "\n")
}

// millimeters is one number where texels are about square.
func millimeters(size [2]float64) string {
	text := func(x float64) string {
		if x == 0 {
			return "squeezed"
		}
		return fmt.Sprintf("%.3g", x)
	}
	if lo, hi := min(size[0], size[1]), max(size[0], size[1]); hi <= 1.05*lo {
		return text(hi)
	}
	return text(size[0]) + " x " + text(size[1])
}

// levelSize is that of the universal form, then of the web form where it is another.
func levelSize(f *pipeline.ImageFacts, level int) string {
	if level >= len(f.Levels) {
		return "-"
	}
	l := f.Levels[level]
	if l.Web == nil || *l.Web == l.Universal {
		return pixelSize(l.Universal)
	}
	return pixelSize(l.Universal) + " / " + pixelSize(*l.Web)
}

func noteOf(f *pipeline.ImageFacts) string {
	var out []string
	switch {
	case len(f.Uses) == 0:
		out = append(out, "no material uses it")
	case f.Factor:
		out = append(out, "becomes a factor")
	}
	if f.DuplicateOf != nil {
		out = append(out, fmt.Sprintf("equals image %d", *f.DuplicateOf))
	}
	return strings.Join(out, ", ")
}
