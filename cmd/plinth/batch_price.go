package main

import (
	"fmt"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/prices"
)

// dollars is what a plan's jobs cost on AWS, by its estimate; nil without a sample.
func (o *batchPlanOptions) dollars(p pipeline.BatchPlan) (*float64, error) {
	list, err := loadPrices(o.prices)
	if err != nil {
		return nil, err
	}
	if p.Estimate.Sampled == 0 {
		return nil, nil
	}
	task := prices.DefaultTask()
	task.Spot = !o.onDemand
	n := float64(len(p.Models))
	cpu := time.Duration(p.Estimate.CPUSeconds / n * float64(time.Second))
	wall := time.Duration(float64(cpu) / task.CPUs)
	each := conversion(cpu, wall, leaseTime, tellEvery) // as workers of DynamoDB do
	each.Files, each.Manifest = int(p.Estimate.Files)/len(p.Models), p.Estimate.Manifest
	cost, err := list.Cost(each.Usage(), task)
	if err != nil {
		return nil, err
	}
	total := cost.Times(n).Total()
	return &total, nil
}

// loadPrices reads what --prices names. A list that can't be used is ErrInvalid.
func loadPrices(file string) (*prices.Table, error) {
	list, err := prices.Load(file)
	if err != nil {
		return nil, fmt.Errorf("%w: --prices: %w", asset.ErrInvalid, err)
	}
	return list, nil
}
