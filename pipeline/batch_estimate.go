package pipeline

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A BatchEstimate is what a plan will take, by a sample of its models that were really made.
// It differs from one time to the next.
type BatchEstimate struct {
	Sampled      int     `json:"sampled"`      // models
	Refused      int     `json:"refused"`      // of these: they can't be made
	SampledBytes int64   `json:"sampledBytes"` // of their sources
	CPUSeconds   float64 `json:"cpuSeconds"`   // of the whole plan
	Low          float64 `json:"low"`          // CPU seconds if all took as long per byte as the sample's quickest
	High         float64 `json:"high"`         // the same for its slowest
	Files        int64   `json:"files"`        // that are made
	OutBytes     int64   `json:"outBytes"`     // of these
	Manifest     int64   `json:"manifest"`     // bytes of one, as a catalog keeps it

	Processors int      `json:"processors"` // that are at work
	Minutes    float64  `json:"minutes"`    // if these are busy all the time
	Dollars    *float64 `json:"dollars,omitempty"`
}

// A BatchSample makes models to see how long it takes. Its fields are set once.
type BatchSample struct {
	Models int // at most
	Load   func(context.Context, BatchItem) ([]byte, error)
	CPU    func() time.Duration // that this process has used; nil asks the system
}

// Estimate makes some of a plan's models, spread over small and large ones, and concludes
// from their bytes on all. Nothing is kept of what is made.
func (s BatchSample) Estimate(ctx context.Context, p BatchPlan) (BatchEstimate, error) {
	var e BatchEstimate
	if s.CPU == nil {
		s.CPU = cpuTime
	}
	var cpu float64
	var files, out, manifests int64
	least, most := math.Inf(1), 0.0
	for _, i := range spread(p.Models, s.Models) {
		item := p.Models[i]
		began := s.CPU()
		r, err := s.make(ctx, p.Recipe, item)
		if _, refused := Refusal(err); refused {
			e.Refused++
		} else if err != nil {
			return e, fmt.Errorf("make %s as a sample: %w", item.Name(), err)
		}
		took := (s.CPU() - began).Seconds()
		cpu += took
		least, most = min(least, took/float64(max(item.Bytes, 1))), max(most, took/float64(max(item.Bytes, 1)))
		e.Sampled++
		e.SampledBytes += item.Bytes
		files += int64(len(r.Outputs))
		for _, o := range r.Outputs {
			out += int64(len(o.Data))
		}
		manifest, err := zippedJSON(r.Manifest)
		if err != nil {
			return e, err
		}
		manifests += manifest
	}
	if e.Sampled == 0 {
		return e, nil
	}
	per := float64(p.Bytes) / float64(max(e.SampledBytes, 1))
	e.CPUSeconds, e.Low, e.High = cpu*per, least*float64(p.Bytes), most*float64(p.Bytes)
	e.OutBytes = int64(float64(out) * per)
	e.Files = files * int64(len(p.Models)) / int64(e.Sampled)
	e.Manifest = manifests / int64(e.Sampled)
	return e, nil
}

func (s BatchSample) make(ctx context.Context, r Recipe, item BatchItem) (*Result, error) {
	src, err := s.Load(ctx, item)
	if err != nil {
		return &Result{}, err
	}
	r.Unit = item.Unit
	result, err := Process(ctx, src, r)
	if err != nil {
		return &Result{}, err
	}
	return result, nil
}

// On says how long it takes with so many processors.
func (e *BatchEstimate) On(processors int) {
	e.Processors, e.Minutes = processors, e.CPUSeconds/60/float64(max(processors, 1))
}

// spread chooses n items, evenly spread over them in the order of their bytes.
func spread(items []BatchItem, n int) (chosen []int) {
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(items[a].Bytes, items[b].Bytes) })
	n = min(n, len(items))
	for k := range n {
		chosen = append(chosen, order[(2*k+1)*len(items)/(2*n)])
	}
	return chosen
}

// LoadSource reads the source of a version from where it is kept.
func LoadSource(ctx context.Context, s asset.Store, merchant, hash string, limit int64) ([]byte, error) {
	return readBlob(ctx, s, asset.SourceKey(merchant, hash), limit)
}

// zippedJSON is how many bytes v has as compressed JSON, as catalogs keep manifests.
func zippedJSON(v any) (int64, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	err := errors.Join(json.NewEncoder(z).Encode(v), z.Close())
	return int64(b.Len()), err
}
