package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// recipeFlags choose a recipe.
type recipeFlags struct{ file, unit string }

func (f *recipeFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "recipe", "", "file with a recipe (JSON); \"plinth config --recipe\" prints the built-in one")
	cmd.Flags().StringVar(&f.unit, "unit", "", "unit the models are drawn in: m, cm, mm, in, ft (default m)")
}

func (f recipeFlags) recipe() (pipeline.Recipe, error) {
	r := pipeline.Default()
	if f.file != "" {
		text, err := os.ReadFile(f.file)
		if err != nil {
			return r, fmt.Errorf("read the recipe: %w", err)
		}
		if r, err = pipeline.ParseRecipe(text); err != nil {
			return r, err
		}
	}
	if f.unit != "" {
		r.Unit = f.unit
	}
	return r, r.Check()
}

type convertOptions struct {
	files  []string
	out    string
	json   bool
	quiet  bool
	memory byteSize
	recipe recipeFlags
}

func newConvert(c console) *cobra.Command {
	var o convertOptions
	cmd := &cobra.Command{
		Use:   "convert FILE... -o DIR",
		Short: "Make the levels of models",
		Long: `Convert writes DIR/<model>/manifest.json and the files that its keys name, one folder
for each FILE (GLB, or glTF with embedded data). A folder is written whole or not at
all, and takes the place of one that is there.

The table has the bytes of each level's files, and in the column "Streamed" how many of
the progressive file it takes to show the level.

The same file and recipe give the same bytes on any machine.`,
		Example: `  plinth convert chair.glb -o out
  plinth convert catalog/*.glb -o out --json
  plinth convert lamp.glb -o out --unit cm`,
		Args: args(1, -1, "one or more files"),
		RunE: func(cmd *cobra.Command, files []string) error {
			o.files = files
			return runConvert(cmd.Context(), c, o)
		},
	}
	cmd.Flags().StringVarP(&o.out, "out", "o", "", "folder to write to (required)")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the manifests as JSON, one a line, instead of the table")
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "show no progress")
	cmd.Flags().Var(&o.memory, "work-memory", "memory that a model may take; one that may need more, as workers estimate it, is refused; 0 is no limit")
	o.recipe.add(cmd)
	return cmd
}

func runConvert(ctx context.Context, c console, o convertOptions) error {
	if o.out == "" {
		return usageError{errors.New("convert needs -o DIR")}
	}
	recipe, err := o.recipe.recipe()
	if err != nil {
		return err
	}
	pipeline.LimitMemory(memoryThere() / 4 * 3)
	ids := map[string]string{}
	for _, f := range o.files {
		if other, taken := ids[asset.ID(f)]; taken {
			return usageError{fmt.Errorf("%s and %s would both be written to %s", other, f, filepath.Join(o.out, asset.ID(f)))}
		}
		ids[asset.ID(f)] = f
	}
	code := exitOK
	var done []asset.Manifest
	for _, f := range o.files {
		m, err := convertFile(ctx, c, o, recipe, f)
		if err != nil {
			_, _ = fmt.Fprintf(c.err, "plinth: %s: %v\n", f, err)
			code = max(code, exitCode(err))
			if ctx.Err() != nil {
				break
			}
			continue
		}
		done = append(done, m)
		if o.json {
			if err := json.NewEncoder(c.out).Encode(m); err != nil {
				return err
			}
		}
	}
	if !o.json && len(done) > 0 {
		summary(c.out, done)
	}
	if code != exitOK {
		return failed{code}
	}
	return nil
}

func convertFile(ctx context.Context, c console, o convertOptions, recipe pipeline.Recipe, file string) (asset.Manifest, error) {
	src, err := readSource(file, recipe.Limits.Bytes)
	if err != nil {
		return asset.Manifest{}, err
	}
	bar := newBar(c, filepath.Base(file), o.quiet || o.json)
	p := pipeline.Processor{Progress: bar.set, Memory: int64(o.memory)}
	result, err := makeModel(ctx, p, recipe, asset.ID(file), src)
	bar.finish(err == nil)
	if err != nil {
		return asset.Manifest{}, err
	}
	return result.Manifest, writeResult(filepath.Join(o.out, asset.ID(file)), "", result)
}

// makeModel makes the levels of a model.
func makeModel(ctx context.Context, p pipeline.Processor, recipe pipeline.Recipe, id string, src []byte) (*pipeline.Result, error) {
	result, err := p.Process(ctx, src, recipe)
	if err != nil {
		return nil, err
	}
	result.Manifest.Model = id
	return result, nil
}

// readSource reads a file unless it is larger than any that would be taken.
func readSource(file string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%w: it is a folder; name the files in it", asset.ErrInvalid)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%w: it has %d bytes, the limit is %d; reduce the model", asset.ErrInvalid, info.Size(), limit)
	}
	return os.ReadFile(file)
}

// writeResult writes a folder whole: it is filled under another name and then
// renamed. A folder whose place it takes is moved to aside, or removed if that is "".
func writeResult(dir, aside string, r *pipeline.Result) error {
	beside := filepath.Dir(dir)
	if aside != "" {
		beside = filepath.Dir(aside)
	}
	for _, d := range []string{filepath.Dir(dir), beside} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	tmp, err := os.MkdirTemp(beside, ".plinth-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // after the rename it is gone; before it, the first error counts
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	manifest, err := json.MarshalIndent(r.Manifest, "", "  ")
	if err != nil {
		return err
	}
	files := map[string][]byte{"manifest.json": append(manifest, '\n')}
	for _, o := range r.Outputs {
		files[o.Name] = o.Data
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(tmp, name), data, 0o644); err != nil {
			return err
		}
	}
	return replaceDir(tmp, dir, aside)
}

// replaceDir renames a folder to a name that may be taken by an older one, which is moved
// aside or removed. Only what convert wrote before is replaced.
func replaceDir(from, to, aside string) error {
	if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(from, to)
	}
	if _, err := os.Stat(filepath.Join(to, "manifest.json")); err != nil {
		if entries, _ := os.ReadDir(to); len(entries) > 0 {
			return fmt.Errorf("%w: %s is there and holds no manifest; choose another folder", asset.ErrInvalid, to)
		}
	}
	old := aside
	if old == "" {
		old = from + "-old"
	}
	if err := os.Rename(to, old); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return errors.Join(err, os.Rename(old, to))
	}
	if aside != "" {
		return nil
	}
	return os.RemoveAll(old)
}

// bar shows progress on a terminal, and nothing elsewhere.
type bar struct {
	all *mpb.Progress
	one *mpb.Bar
}

func newBar(c console, name string, quiet bool) *bar {
	if quiet || !isTerminal(c.err) {
		return &bar{}
	}
	all := mpb.New(mpb.WithOutput(c.err), mpb.WithWidth(40))
	return &bar{all, all.AddBar(1000,
		mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Percentage(decor.WCSyncSpace), decor.Elapsed(decor.ET_STYLE_GO, decor.WCSyncSpace)))}
}

func (b *bar) set(_ pipeline.Stage, done float64) {
	if b.one != nil {
		b.one.SetCurrent(int64(1000 * done))
	}
}

func (b *bar) finish(ok bool) {
	if b.one == nil {
		return
	}
	if !ok {
		b.one.Abort(true)
	}
	b.all.Wait()
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// summary prints one table of all levels, and what there is to tell.
func summary(out io.Writer, manifests []asset.Manifest) {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleLight)
	t.Style().Options.SeparateRows = false
	t.AppendHeader(table.Row{"Model", "Level", "Height", "Triangles", "Error px", "Texture px", "Bytes", "Web", "Streamed", "GPU MB", "Note"})
	var right []table.ColumnConfig
	for i := 2; i <= 10; i++ {
		right = append(right, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(right)
	for _, m := range manifests {
		t.AppendRow(table.Row{m.Model, "source", "", m.Source.Triangles, "", "", m.Source.Bytes, "", "", megabytes(m.Source.GPUBytes), size(m.Source.Size)})
		for i, l := range m.Levels {
			r := l.Renditions[0]
			var notes []string
			if i > 0 && r.Key == m.Levels[i-1].Renditions[0].Key {
				notes = append(notes, "same file")
			}
			if l.RelaxedBy != "" {
				notes = append(notes, "cap: "+l.RelaxedBy)
			}
			web, streamed := "", ""
			if w, ok := l.Rendition(asset.Web); ok {
				web = fmt.Sprint(w.Bytes)
			}
			if p, ok := l.Rendition(asset.Progressive); ok && p.Range != nil {
				streamed = fmt.Sprint(p.Range.Offset + p.Range.Bytes) // until the level is there
			}
			t.AppendRow(table.Row{"", l.Level, l.Height, l.Triangles, fmt.Sprintf("%.2f", l.Pixels), edge(r), r.Bytes, web, streamed, megabytes(r.GPUBytes), strings.Join(notes, ", ")})
		}
		t.AppendSeparator()
	}
	t.Render()
	for _, m := range manifests {
		for _, f := range m.Findings {
			_, _ = fmt.Fprintf(out, "%s: %s\n", m.Model, told(f))
		}
	}
}

// told is a finding as a sentence.
func told(f asset.Finding) string {
	s := f.Severity + ": " + strings.TrimSpace(f.Where+" "+f.What)
	if f.Do != "" {
		s += "; " + f.Do
	}
	return s
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }

func size(s [3]float64) string { return fmt.Sprintf("%.3g x %.3g x %.3g m", s[0], s[1], s[2]) }

// edge is the largest texture edge of a rendition.
func edge(r asset.Rendition) string {
	var edges []int
	for _, t := range r.Textures {
		edges = append(edges, max(t.Width, t.Height))
	}
	if len(edges) == 0 {
		return "-"
	}
	sort.Ints(edges)
	return fmt.Sprint(edges[len(edges)-1])
}
