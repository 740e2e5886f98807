package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// shown is how many examples of a fault are printed.
const shown = 20

// print prints the report and tells if nothing is wrong.
func (r *report) print(w io.Writer) (ok bool) {
	out := func(format string, a ...any) { _, _ = fmt.Fprintf(w, format+"\n", a...) }
	out("chaos: %d jobs, %d workers, a kill every %s, %g %% of the calls go wrong, lease %s, seed %d", r.jobs, r.workers, r.killEvery, 100*r.faults, r.lease, r.seed)
	out("  uploads                  %d, of %d versions of %d models, %d of them broken", len(r.uploads), r.versions, r.models, r.broken)
	out("  took                     %s, %.0f versions a minute", r.took.Round(100*time.Millisecond), float64(r.versions)/r.took.Minutes())
	out("  kills                    %d; starts that found no AWS %d", r.fleet.kills, r.fleet.refused)
	out("  faults                   %s", r.faultsText())
	out("  attempts                 %d, of one version %d at most; messages delivered %d", r.attempts, r.most, r.history.deliveries)
	out("  dead letters             %d", r.letters)
	ok = true
	for _, x := range []struct {
		what string
		list []string
	}{
		{"lost", r.lost},
		{"published, other bytes", r.twice},
		{"partial manifests", r.partial},
		{"newest not live", r.behind},
		{"stuck", r.stuck},
		{"wrong dead letters", r.dead},
		{"calls not listed", r.more},
	} {
		out("  %-24s %d", x.what, len(x.list))
		for _, one := range x.list[:min(len(x.list), shown)] {
			out("    %s", one)
		}
		ok = ok && len(x.list) == 0
	}
	return ok
}

func (r *report) faultsText() string {
	counts := r.relay.Faults()
	parts := []string{}
	for _, f := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", f, counts[f]))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
