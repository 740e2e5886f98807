package main

import (
	"fmt"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/prices"
)

// What a job is taken to ask of AWS beside CPU time, files and manifest.
const (
	beating = 10 * time.Second       // between extensions of a lease, a third of --lease
	noting  = 250 * time.Millisecond // between notes of progress, as long as there is some
	record  = 2 << 10                // bytes of a version's item in the catalog
	logged  = 1 << 10                // bytes of log lines
)

// dollars is what a plan's jobs cost on AWS, by its estimate; nil without a sample.
func (o *batchPlanOptions) dollars(p pipeline.BatchPlan) (*float64, error) {
	list, err := prices.Load(o.prices)
	if err != nil {
		return nil, fmt.Errorf("%w: --prices: %w", asset.ErrInvalid, err)
	}
	if p.Estimate.Sampled == 0 {
		return nil, nil
	}
	task := prices.DefaultTask()
	task.Spot = !o.onDemand
	n := float64(len(p.Models))
	cpu := time.Duration(p.Estimate.CPUSeconds / n * float64(time.Second))
	wall := time.Duration(float64(cpu) / task.CPUs)
	each := prices.Conversion{
		CPU: cpu, Beats: int(wall / beating), Notes: int(wall / noting), Files: int(p.Estimate.Files) / len(p.Models),
		Version: record, Manifest: p.Estimate.Manifest, Logged: logged,
	}
	cost, err := list.Cost(each.Usage(), task)
	if err != nil {
		return nil, err
	}
	total := cost.Times(n).Total()
	return &total, nil
}
