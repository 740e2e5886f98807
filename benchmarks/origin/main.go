// Command origin measures Plinth's origin beside nginx, Caddy and the file servers of Go's
// standard library, in one run: the CPU time that a request takes of the server, for whole
// files, ranges and 304s. With -zipf it measures the origin's caches instead. It prints
// tables in Markdown.
//
//	go run ./benchmarks/origin                                  all servers and cases
//	go run ./benchmarks/origin -servers plinth,nginx -cases 4k  some of them
//	go run ./benchmarks/origin -zipf                            a million requests, few of them for most objects
//
// It needs wrk and nginx (Debian's packages of these names) and Linux, whose /proc tells the
// CPU time of a process in nanoseconds. Caddy is built in a temporary folder, unless -caddy
// names a binary; where that fails it is left out, which is said.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/pipeline/local"
)

// seed of all that is random here.
const seed = 1

// bench is one run.
type bench struct {
	tmp, plinth, caddy     string
	rounds, seconds, procs int
	conns                  int
	store                  *local.Store
	files                  map[string]object // by name
	headers                []string          // that Plinth adds to those of a file server: name, value, name...
	trace                  trace
}

func main() {
	log.SetFlags(0)
	if len(os.Args) > 3 && os.Args[1] == "serve" {
		log.Fatal(serve(os.Args[2], os.Args[3], os.Args[4:]))
	}
	b := &bench{}
	servers := flag.String("servers", strings.Join(names(peers), ","), "which to measure, in turn")
	cases := flag.String("cases", strings.Join(names(loads), ","), "what to ask of them")
	zipf := flag.Bool("zipf", false, "measure Plinth's caches with a zipf trace instead")
	flag.StringVar(&b.plinth, "plinth", "", "binary of Plinth; built when empty")
	flag.StringVar(&b.caddy, "caddy", "", "binary of Caddy; built when empty")
	flag.IntVar(&b.rounds, "rounds", 5, "rounds over all servers and cases")
	flag.IntVar(&b.seconds, "seconds", 1, "seconds for one case of one server in one round")
	flag.IntVar(&b.procs, "procs", 1, "GOMAXPROCS of servers in Go, workers of nginx")
	flag.IntVar(&b.conns, "conns", 16, "connections at a time")
	b.trace.flags(flag.CommandLine)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := b.run(ctx, *zipf, *servers, *cases)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func (b *bench) run(ctx context.Context, zipf bool, servers, cases string) (err error) {
	if flag.NArg() > 0 || min(b.rounds, b.seconds, b.procs, b.conns) < 1 {
		return fmt.Errorf("-rounds, -seconds, -procs and -conns are at least 1, and there are no arguments")
	}
	if b.tmp, err = os.MkdirTemp("", "plinth-origin"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.tmp) }() // a temporary folder
	if err := b.build(ctx); err != nil {
		return err
	}
	if b.store, err = local.OpenStore(b.at("data/store")); err != nil {
		return err
	}
	defer b.store.Close() //nolint:errcheck // a temporary folder
	ctx, stop := context.WithCancel(ctx)
	defer stop() // ends the servers
	if zipf {
		return b.caches(ctx)
	}
	chosen, err := pick(peers, servers)
	if err != nil {
		return err
	}
	asked, err := pick(loads, cases)
	if err != nil {
		return err
	}
	return b.compare(ctx, chosen, asked)
}

// build makes a binary of Plinth, unless one was named.
func (b *bench) build(ctx context.Context) error {
	if b.plinth != "" {
		return nil
	}
	b.plinth = b.at("plinth")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", b.plinth, "github.com/plinth3d/plinth/cmd/plinth")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build plinth: %w: %s", err, out)
	}
	return nil
}

func (b *bench) at(name string) string { return filepath.Join(b.tmp, name) }

// named is something that a flag can choose.
type named interface{ id() string }

func names[T named](all []T) (out []string) {
	for _, x := range all {
		out = append(out, x.id())
	}
	return out
}

// pick chooses from all, in their order, what a list of names names.
func pick[T named](all []T, list string) (out []T, err error) {
	wanted := strings.Split(list, ",")
	for _, x := range all {
		if i := slices.Index(wanted, x.id()); i >= 0 {
			out, wanted = append(out, x), slices.Delete(wanted, i, i+1)
		}
	}
	if len(wanted) > 0 {
		return nil, fmt.Errorf("%q is none of %s", wanted, strings.Join(names(all), ", "))
	}
	return out, nil
}
