package scale

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
)

// A Minute of a day: uploads of merchants, and requests at the edge.
type Minute struct {
	Uploads, Requests float64
}

// Day makes a day as shops have it, by a fixed seed: two humps for merchants, at ten and at
// fifteen, three catalogs that arrive within minutes, one long evening for shoppers, and the
// noise of counting. No shop has been recorded yet; one that was can be put in its place, in
// the same form.
func Day(uploads, requests float64) []Minute {
	r := rand.New(rand.NewPCG(1, 7))
	day := make([]Minute, 24*60)
	hump := func(m int, hour, width float64) float64 {
		d := (float64(m)/60 - hour) / width
		return math.Exp(-d * d / 2)
	}
	noisy := func(mean float64) float64 { return math.Max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64())) }
	for m := range day {
		merchants := 0.05 + hump(m, 10, 1.5) + 0.8*hump(m, 15, 1.5)
		shoppers := 0.3 + 0.5*hump(m, 13, 3) + hump(m, 20.5, 2)
		day[m] = Minute{noisy(uploads / (24 * 60) * 3.4 * merchants), noisy(requests / (24 * 60) * 1.5 * shoppers)}
	}
	for _, catalog := range []struct{ at, models int }{{9*60 + 12, 400}, {11*60 + 40, 2500}, {16*60 + 5, 900}} {
		for m := range 5 {
			day[catalog.at+m].Uploads += float64(catalog.models) / 5
		}
	}
	return day
}

// Sale is traffic that becomes twenty times as large within a minute, stays so for half an
// hour and is over within ten minutes.
func Sale(before float64) []float64 {
	all := make([]float64, 120)
	for m := range all {
		switch {
		case m < 20:
			all[m] = before
		case m < 50:
			all[m] = 20 * before
		case m < 60:
			all[m] = before * (1 + 19*float64(60-m)/10)
		default:
			all[m] = before
		}
	}
	return all
}

// Write writes a trace as CSV.
func Write(out io.Writer, day []Minute) error {
	w := csv.NewWriter(out)
	rows := [][]string{{"minute", "uploads", "requests"}}
	for i, m := range day {
		rows = append(rows, []string{strconv.Itoa(i), strconv.FormatFloat(m.Uploads, 'f', 0, 64), strconv.FormatFloat(m.Requests, 'f', 0, 64)})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// Read reads a trace.
func Read(in io.Reader) ([]Minute, error) {
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 2 {
		return nil, errors.New("a trace has a head and minutes")
	}
	var day []Minute
	for i, row := range rows[1:] {
		var values [3]float64
		for k := range values {
			if values[k], err = strconv.ParseFloat(row[k], 64); err != nil || values[k] < 0 {
				return nil, fmt.Errorf("line %d: %q is no count", i+2, row[k])
			}
		}
		if int(values[0]) != i {
			return nil, fmt.Errorf("line %d: minute %g comes after %d", i+2, values[0], i-1)
		}
		day = append(day, Minute{values[1], values[2]})
	}
	return day, nil
}

// Uploads and requests of a trace.
func parts(day []Minute) (uploads, requests []float64) {
	for _, m := range day {
		uploads, requests = append(uploads, m.Uploads), append(requests, m.Requests)
	}
	return uploads, requests
}
