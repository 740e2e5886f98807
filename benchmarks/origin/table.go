package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// print writes all tables.
func (b *bench) print(targets []*target, asked []load) {
	fmt.Printf("CPU time of the server, microseconds a request: the least of %d rounds of %d s, and in parentheses their median. %d connections, `GOMAXPROCS` and workers %d, load %s, %s.\n\n",
		b.rounds, b.seconds, b.conns, b.procs, average(), time.Now().Format(time.DateOnly))
	heading("server | head, bytes", asked)
	for _, t := range targets {
		row(fmt.Sprintf("%s | %d", t.title, t.head), asked, func(l load) string {
			x := t.seen[l.name].cpu
			return fmt.Sprintf("%.1f (%.1f)", slices.Min(x), median(x))
		})
	}
	b.ratios(targets, asked)
	fmt.Printf("\nRequests a second, median, and in parentheses the 99th percentile of latency in milliseconds, median (wrk shares the machine):\n\n")
	heading("server", asked)
	for _, t := range targets {
		row(t.title, asked, func(l load) string {
			return fmt.Sprintf("%.0f (%.2f)", median(t.seen[l.name].rate), median(t.seen[l.name].p99))
		})
	}
}

// ratios compares the first server with all others.
func (b *bench) ratios(targets []*target, asked []load) {
	if len(targets) < 2 {
		return
	}
	ours := targets[0]
	fmt.Printf("\nCPU time of %s, of the others': the ratio of the least, and in parentheses of the medians.\n\n", ours.title)
	heading("of", asked)
	for _, t := range targets[1:] {
		row(t.title, asked, func(l load) string {
			a, b := ours.seen[l.name].cpu, t.seen[l.name].cpu
			return fmt.Sprintf("%.2f (%.2f)", slices.Min(a)/slices.Min(b), median(a)/median(b))
		})
	}
}

// heading begins a table whose last columns are loads.
func heading(first string, asked []load) {
	titles := make([]string, len(asked))
	for i, l := range asked {
		titles[i] = l.title
	}
	fmt.Printf("| %s | %s |\n|---|%s\n", first, strings.Join(titles, " | "), strings.Repeat("---:|", strings.Count(first, "|")+len(asked)))
}

func row(first string, asked []load, cell func(load) string) {
	cells := make([]string, len(asked))
	for i, l := range asked {
		cells[i] = cell(l)
	}
	fmt.Printf("| %s | %s |\n", first, strings.Join(cells, " | "))
}

// average is the machine's load average over a minute, as text.
func average() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
