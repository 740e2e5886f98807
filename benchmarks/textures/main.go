// Command textures measures what happens to images beside peers, in one run, over the
// shared products: how they are resized beside imaging, what coding loses in every form,
// bytes beside cwebp, cjpeg and glTF-Transform (sharp), what the web form weighs and what
// a conversion takes. It prints tables in Markdown.
//
//	go run ./benchmarks/textures                    all tables
//	go run ./benchmarks/textures -only quality      one of them
//	PEERS=DIR go run ./benchmarks/textures FILE...  these GLBs; npm's peers from DIR/node_modules
//
// Peers of npm are installed into a temporary folder, from benchmarks/peers/package.json.
// cwebp and cjpeg are Debian's (packages webp and libjpeg-turbo-progs); a table whose tool
// is missing is left out, which is said in its place.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// bench is one run.
type bench struct {
	tmp      string
	peers    string // folder with node_modules, once installed
	times    int
	level    int // that is looked at where one is
	recipe   pipeline.Recipe
	products []*product
}

// part is one table, or some that belong together.
type part struct {
	name string
	run  func(context.Context, *bench) error
}

var parts = []part{
	{"resize", resizing},
	{"quality", quality},
	{"cwebp", besideCWebP},
	{"forms", forms},
	{"sharp", besideSharp},
	{"cjpeg", besideCJPEG},
	{"encode", encoding},
	{"convert", conversions},
}

func names() string {
	var out []string
	for _, p := range parts {
		out = append(out, p.name)
	}
	return strings.Join(out, ", ")
}

// recipe is the built-in one, for the forms that have files and images of their own: those of
// the progressive form are the web form's.
func recipe() pipeline.Recipe {
	r := pipeline.Default()
	r.Forms = []string{asset.Universal, asset.Web}
	return r
}

func main() {
	log.SetFlags(0)
	b := &bench{recipe: recipe()}
	only := flag.String("only", "", "one of "+names()+"; all when empty")
	flag.IntVar(&b.times, "times", 3, "rounds; the least time counts")
	flag.IntVar(&b.level, "level", 2, "the level whose images are coded beside peers, 0 is the finest")
	flag.Usage = func() {
		_, _ = fmt.Fprintf(flag.CommandLine.Output(), "Usage: go run ./benchmarks/textures [flags] [GLB...]\n\nMeasures textures beside peers; without files, those of ../shared/models/product.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := b.run(ctx, *only, flag.Args())
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// chosen are the parts of that name, or all.
func chosen(only string) ([]part, error) {
	if only == "" {
		return parts, nil
	}
	i := slices.IndexFunc(parts, func(p part) bool { return p.name == only })
	if i < 0 {
		return nil, fmt.Errorf("-only %s is none of %s", only, names())
	}
	return parts[i : i+1], nil
}

func (b *bench) run(ctx context.Context, only string, files []string) error {
	parts, err := chosen(only)
	if err != nil {
		return err
	}
	if b.times < 1 || b.level < 0 || b.level >= len(b.recipe.Levels) {
		return fmt.Errorf("-times is at least 1, and -level 0 to %d", len(b.recipe.Levels)-1)
	}
	if len(files) == 0 {
		if files, err = filepath.Glob("../shared/models/product/*.glb"); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return errors.New("../shared/models is not here; name files (GLB)")
	}
	if b.tmp, err = os.MkdirTemp("", "plinth-textures"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.tmp) }() // a temporary folder
	for _, f := range files {
		p, err := b.load(ctx, f)
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		b.products = append(b.products, p)
	}
	for _, p := range parts {
		if err := p.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func (b *bench) at(name string) string { return filepath.Join(b.tmp, name) }

// install puts npm's peers into a temporary folder, unless PEERS names one.
func (b *bench) install(ctx context.Context) error {
	if b.peers == "" {
		b.peers = os.Getenv("PEERS")
	}
	if b.peers != "" {
		return nil
	}
	list, err := os.ReadFile("benchmarks/peers/package.json")
	if err != nil {
		return fmt.Errorf("run it at the top of the repository: %w", err)
	}
	dir := b.at("peers")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), list, 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--silent")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("npm install: %w", err)
	}
	b.peers = dir
	return nil
}

// missing tells, in place of a table, that a tool is not here.
func missing(tool, pkg string) bool {
	if _, err := exec.LookPath(tool); err == nil {
		return false
	}
	fmt.Printf("No `%s` here (Debian's package %s), so nothing is said beside it.\n\n", tool, pkg)
	return true
}
