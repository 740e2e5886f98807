// Command fleet measures what a worker takes for a mix of products: products per minute,
// CPU time by stage, bytes, and dollars by the price table. The worker is the real one, in
// this process, with the local store, catalog and queue in a temporary folder. It prints
// tables in Markdown.
//
//	go run ./benchmarks/fleet                 each of ../shared/models/product and the samples
//	go run ./benchmarks/fleet -n 50 -slots 2  50 jobs, two at a time, models in turn
//	go run ./benchmarks/fleet FILE...         these models
//
// CPU time is that of the process, which nothing else of the machine adds to: it holds on a
// busy machine too, products per minute do not. It needs Linux or another Unix.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"

	"github.com/plinth3d/plinth/pipeline/prices"
)

// bench is one run.
type bench struct {
	jobs, slots int
	prices      *prices.Table
	task        prices.Task
	models      []model
}

// model is a source.
type model struct {
	name string
	data []byte
}

func main() {
	log.SetFlags(0)
	b := &bench{task: prices.DefaultTask()}
	flag.IntVar(&b.jobs, "n", 0, "jobs; 0 is one for each model")
	flag.IntVar(&b.slots, "slots", 1, "jobs at a time")
	list := flag.String("prices", "", "file with the price table; the built-in one when empty")
	flag.Float64Var(&b.task.CPUs, "vcpus", b.task.CPUs, "vCPUs of a task on Fargate")
	flag.Float64Var(&b.task.GB, "gb", b.task.GB, "GB of memory of a task")
	flag.Float64Var(&b.task.Busy, "busy", b.task.Busy, "share of a task's CPU time that jobs use")
	flag.BoolVar(&b.task.X86, "x86", b.task.X86, "prices of x86 instead of arm64")
	asJSON := flag.Bool("json", false, "print JSON instead of tables")
	profile := flag.String("cpuprofile", "", "file for a CPU profile of the worker")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := b.run(ctx, *list, *profile, *asJSON, flag.Args())
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func (b *bench) run(ctx context.Context, list, profile string, asJSON bool, files []string) error {
	if b.jobs < 0 || b.slots < 1 {
		return errors.New("-n is at least 0 and -slots at least 1")
	}
	var err error
	if b.prices, err = prices.Load(list); err != nil {
		return err
	}
	if err := b.read(files); err != nil {
		return err
	}
	if b.jobs == 0 {
		b.jobs = len(b.models)
	}
	r := &report{Models: len(b.models), Slots: b.slots}
	if err := b.profiled(profile, func() error { return b.work(ctx, r) }); err != nil {
		return err
	}
	if err := r.cost(b.prices, b.task); err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	return r.print(os.Stdout, b.task)
}

// read reads the models: those named, or all that there are.
func (b *bench) read(files []string) error {
	if len(files) == 0 {
		for _, dir := range []string{"../shared/models/product", "testdata/models"} {
			found, err := filepath.Glob(filepath.Join(dir, "*.glb"))
			if err != nil {
				return err
			}
			if len(found) == 0 {
				log.Printf("%s has no models here; the figures are without them", dir)
			}
			files = append(files, found...)
		}
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		b.models = append(b.models, model{filepath.Base(f), data})
	}
	if len(b.models) == 0 {
		return errors.New("there are no models; run it at the top of the repository, or name files")
	}
	return nil
}

// profiled does something under the CPU profiler, if there is a file for it.
func (b *bench) profiled(file string, do func() error) error {
	if file == "" {
		return do()
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = do()
	pprof.StopCPUProfile()
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return nil
}
