package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// layers are where the origin may find an object, fastest first.
var layers = []string{"memory", "disk", "store"}

// caches replays a trace against Plinth's origin with little memory, and tells what its
// caches did.
func (b *bench) caches(ctx context.Context) error {
	if b.trace.objects < 2 || b.trace.requests < 1 || b.trace.skew <= 1 {
		return fmt.Errorf("-objects is at least 2, -requests 1, and -skew is above 1")
	}
	objects, err := b.fill(ctx)
	if err != nil {
		return err
	}
	// All requests come from one address, which must not be taken for an attack.
	p, err := b.origin(ctx, "plinth", "--memory", b.trace.memory, "--miss-rate", "0")
	if err != nil {
		return err
	}
	before, err := status(p.cmd.Process.Pid, "VmRSS")
	if err != nil {
		return err
	}
	began := time.Now()
	counts, err := b.replay(ctx, p.url, objects, b.trace.numbers())
	if err != nil {
		return err
	}
	took := time.Since(began)
	figures, err := metrics(ctx, p.url)
	if err != nil {
		return err
	}
	most, err := status(p.cmd.Process.Pid, "VmHWM")
	if err != nil {
		return err
	}
	used, err := cpu(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	b.report(figures, counts, took)
	fmt.Printf("| CPU time, microseconds a request | %.1f |\n", float64(used.Microseconds())/float64(b.trace.requests))
	fmt.Printf("| resident memory: at the start, most | %.0f, %.0f MiB |\n", mib(before), mib(most))
	return p.end()
}

// report prints what was seen of the caches.
func (b *bench) report(figures map[string]float64, counts map[int]int, took time.Duration) {
	sizes, total := b.trace.sizes(), 0
	for _, n := range sizes {
		total += n
	}
	fmt.Printf("%d requests of a zipf %.2f trace over %d objects of 4 to 200 KiB, %.0f MiB in all, with `--memory %s`, %d connections, `GOMAXPROCS` %d, %.0f s, load %s, %s:\n\n",
		b.trace.requests, b.trace.skew, len(sizes), mib(int64(total)), b.trace.memory, b.conns, b.procs, took.Seconds(), average(), time.Now().Format(time.DateOnly))
	fmt.Println("| | |\n|---|---:|")
	opened := 0.0
	for _, layer := range layers {
		opened += figures[label("plinth_origin_objects_total", layer)]
	}
	for _, layer := range layers {
		n := figures[label("plinth_origin_objects_total", layer)]
		fmt.Printf("| from %s | %.0f, %.2f %% |\n", layer, n, 100*n/max(1, opened))
	}
	held := figures[label("plinth_origin_cache_bytes", "memory")]
	fmt.Printf("| in memory at the end | %.1f MiB |\n", mib(int64(held)))
	numbers := b.trace.numbers()
	fmt.Printf("| hits of an LRU with that much, of objects up to 128 KiB | %.2f %% |\n", 100*lru(sizes, numbers, int(held), 128<<10))
	fmt.Printf("| hits of an LRU with that much, of all objects | %.2f %% |\n", 100*lru(sizes, numbers, int(held), math.MaxInt))
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		fmt.Printf("| answers %d | %d |\n", status, counts[status])
	}
}

func label(name, layer string) string { return fmt.Sprintf("%s{layer=%q}", name, layer) }

func mib(n int64) float64 { return float64(n) / (1 << 20) }
