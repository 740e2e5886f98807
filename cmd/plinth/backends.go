package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/local"
)

// backends are the catalog and the queue that the settings name, as far as they were
// asked for. What is of one kind only has a field of its own, nil for the others.
type backends struct {
	catalog asset.Catalog
	jobs    asset.Queue  // nil where no queue was asked for
	lanes   *cloud.Queue // the queue, if it is in SQS

	records *local.Catalog // the catalog, if it is in the data folder
	line    *local.Queue   // the queue, if it is JetStream's
}

func (b *backends) close() error {
	var errs []error
	if b.lanes != nil {
		errs = append(errs, b.lanes.Close())
	}
	if b.line != nil {
		errs = append(errs, b.line.Close())
	}
	if b.records != nil {
		errs = append(errs, b.records.Close())
	}
	return errors.Join(errs...)
}

// openCatalog opens the catalog that --catalog names.
func (h *home) openCatalog(ctx context.Context) error {
	switch {
	case h.where.catalog == "local":
		c, err := local.OpenCatalog(ctx, filepath.Join(h.data, "catalog.db"))
		if err == nil {
			h.catalog, h.records = c, c
		}
		return err
	case strings.HasPrefix(h.where.catalog, "dynamodb://"):
		c, err := cloud.OpenCatalog(ctx, h.where.catalog)
		if err != nil {
			return usageError{fmt.Errorf("--catalog: %w", err)} // it asks nothing of DynamoDB
		}
		h.catalog = c
		return nil
	}
	return usageError{fmt.Errorf("--catalog is %q, not local or dynamodb://TABLE", h.where.catalog)}
}

// openQueue opens the queue that --queue names. All else is open.
func (h *home) openQueue(ctx context.Context) (err error) {
	queue := h.where.queue
	switch {
	case h.slots < 1 || h.slots > 4*runtime.NumCPU():
		return usageError{fmt.Errorf("--slots is %d, not 1 to %d", h.slots, 4*runtime.NumCPU())}
	case h.lease < time.Second:
		return usageError{fmt.Errorf("--lease is %s, less than a second", h.lease)}
	case h.limit < 0, h.grace < 0:
		return usageError{fmt.Errorf("--limit is %s and --grace %s; neither is below 0", h.limit, h.grace)}
	case h.where.raw != "" && !strings.HasPrefix(queue, "sqs://"):
		return usageError{fmt.Errorf("--raw is %s, whose events come by SQS, but --queue is %s; say --queue sqs://NAME", h.where.raw, queue)}
	case queue == "local" && h.records == nil:
		return usageError{fmt.Errorf("--queue is local, which belongs to one process, but others share %s; say --queue sqs://NAME", h.where.catalog)}
	case queue == "local":
		h.line, err = local.OpenQueue(ctx, filepath.Join(h.data, "queue"), h.lease)
		if err == nil {
			// The queue's lock says that nobody else writes or works.
			err = errors.Join(h.sweep(), h.records.Release(ctx))
		}
	case strings.HasPrefix(queue, "nats://"), strings.HasPrefix(queue, "tls://"):
		h.line, err = local.DialQueue(ctx, queue, h.lease)
	case strings.HasPrefix(queue, "sqs://"):
		return h.openLanes(ctx)
	default:
		return usageError{fmt.Errorf("--queue is %q, not local, nats://HOST:PORT or sqs://NAME", queue)}
	}
	if h.line != nil {
		h.jobs = h.line
	}
	return err
}

// openLanes finds the queues of SQS and checks how they are set up.
func (h *home) openLanes(ctx context.Context) error {
	lanes, err := parseLanes(h.where.lanes)
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(h.where.queue, "sqs://")
	if lanes, err = cloud.FindLanes(ctx, name, lanes); err != nil {
		return fmt.Errorf("--queue: %w", err)
	}
	accept, err := h.arrivals(ctx)
	if err != nil {
		return err
	}
	h.lanes, err = cloud.OpenQueue(ctx, cloud.QueueConfig{
		Lanes: lanes, LeaseTime: h.lease, Accept: accept,
		Buried: func(lane string, b asset.Burial) {
			h.log.Error("buried", "lane", lane, "code", b.Code, "stage", b.Stage, "source", b.Source, "err", b.Reason)
		},
		Poison: func(ctx context.Context, j asset.Job) (asset.Burial, func(context.Context) error, error) {
			return pipeline.Exhaust(ctx, h.catalog, j, h.reproduce)
		},
	})
	if err != nil {
		return usageError{fmt.Errorf("--queue: %w", err)} // it asks nothing of SQS
	}
	h.jobs = h.lanes
	return h.lanes.Check(ctx)
}

// checkLane returns an error unless a lane is one of --lanes.
func (s *settings) checkLane(lane string) error {
	if !strings.Contains(","+s.where.lanes, ","+lane+"=") {
		return usageError{fmt.Errorf("--lane is %q, none of --lanes %s", lane, s.where.lanes)}
	}
	return nil
}

// parseLanes reads lanes and their weights.
func parseLanes(text string) (lanes []cloud.Lane, err error) {
	for part := range strings.SplitSeq(text, ",") {
		name, weight, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(weight)
		if err != nil {
			return nil, usageError{fmt.Errorf("--lanes is %q, not like %s", text, asset.DefaultLanes)}
		}
		lanes = append(lanes, cloud.Lane{Name: name, Weight: n})
	}
	return lanes, nil
}
