package assettest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func use(event, day, kind string, count int64) asset.Usage {
	return asset.Usage{Event: event, Merchant: "acme", Day: day, Kind: kind, Count: count, Bytes: 100 * count, CPUSeconds: float64(count) / 10}
}

func (x ledgerTest) record(used ...asset.Usage) {
	x.Helper()
	if err := x.Record(x.Context(), used); err != nil {
		x.Fatal(err)
	}
}

// used checks what acme used in March 2026.
func (x ledgerTest) used(want ...asset.Usage) {
	x.Helper()
	for i := range want {
		want[i].Event = ""
	}
	if got, err := x.Usage(x.Context(), "acme", "2026-03-01", "2026-03-31"); err != nil || !slices.Equal(got, want) {
		x.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func countedOnce(x ledgerTest) {
	x.create("b")
	x.used()
	x.record()
	first := use("e1", "2026-03-02", "upload", 2)
	x.record(first)
	x.record(first)
	x.record(first, use("e2", "2026-03-02", "upload", 3), use("e2", "2026-03-02", "upload", 9), use("e3", "2026-03-01", "upload", 1), use("e4", "2026-03-02", "convert", 1))
	x.record(use("e1", "2026-03-09", "other", 50)) // it counts as it was
	other := first
	other.Merchant = "b" // whose events are its own
	x.record(other)
	x.record(use("e5", "2026-02-28", "upload", 7), use("e6", "2026-04-01", "upload", 7))
	x.used(use("", "2026-03-01", "upload", 1), use("", "2026-03-02", "convert", 1), use("", "2026-03-02", "upload", 5))
	if got, err := x.Usage(x.Context(), "b", "2026-03-02", "2026-03-02"); err != nil || len(got) != 1 || got[0].Count != 2 || got[0].Merchant != "b" {
		x.Errorf("b: got %+v, %v", got, err)
	}
	if got, err := x.Usage(x.Context(), "acme", "2026-03-31", "2026-03-01"); err != nil || len(got) != 0 {
		x.Errorf("from the end to the start: got %+v, %v", got, err)
	}
}

func oneCounts(x ledgerTest) {
	batch := []asset.Usage{use("a", "2026-03-02", "upload", 1), use("b", "2026-03-02", "convert", 1), use("c", "2026-03-03", "upload", 1)}
	many(8, func(i int) {
		mine := slices.Clone(batch)
		if i%2 == 1 {
			slices.Reverse(mine)
		}
		if err := x.Record(x.Context(), mine); err != nil {
			x.Error(err)
		}
	})
	x.used(use("", "2026-03-02", "convert", 1), use("", "2026-03-02", "upload", 1), use("", "2026-03-03", "upload", 1))
}

func addsUp(x ledgerTest) {
	many(8, func(i int) {
		for k := range 5 {
			batch := []asset.Usage{
				use(fmt.Sprintf("u%d.%d", i, k), "2026-03-02", "upload", 1),
				use(fmt.Sprintf("c%d.%d", i, k), "2026-03-02", "convert", 2),
			}
			if i%2 == 1 {
				slices.Reverse(batch)
			}
			if err := x.Record(x.Context(), batch); err != nil {
				x.Error(err)
			}
		}
	})
	x.used(use("", "2026-03-02", "convert", 80), use("", "2026-03-02", "upload", 40))
}

func wholeOrNothing(x ledgerTest) {
	good := use("good", "2026-03-02", "upload", 1)
	for name, c := range map[string]struct {
		spoil func(*asset.Usage)
		want  error
	}{
		"no event":            {func(u *asset.Usage) { u.Event = "" }, asset.ErrInvalid},
		"no kind":             {func(u *asset.Usage) { u.Kind = "" }, asset.ErrInvalid},
		"no day":              {func(u *asset.Usage) { u.Day = "yesterday" }, asset.ErrInvalid},
		"a count below 0":     {func(u *asset.Usage) { u.Count = -1 }, asset.ErrInvalid},
		"bytes without end":   {func(u *asset.Usage) { u.Bytes = math.MaxInt64 }, asset.ErrInvalid},
		"no number":           {func(u *asset.Usage) { u.CPUSeconds = math.NaN() }, asset.ErrInvalid},
		"time without end":    {func(u *asset.Usage) { u.CPUSeconds = math.Inf(1) }, asset.ErrInvalid},
		"a merchant not here": {func(u *asset.Usage) { u.Merchant = "no" }, asset.ErrNotFound},
	} {
		bad := use("bad", "2026-03-02", "upload", 1)
		c.spoil(&bad)
		if err := x.Record(x.Context(), []asset.Usage{good, bad}); !errors.Is(err, c.want) {
			x.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	x.used()
	x.record(good)
	x.used(use("", "2026-03-02", "upload", 1))
	thousand := make([]asset.Usage, 1000)
	for i := range thousand {
		thousand[i] = use(fmt.Sprint(i), "2026-03-02", "upload", 1)
	}
	x.record(thousand...)
	x.used(use("", "2026-03-02", "upload", 1001))
}
