package awstest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/plinth3d/plinth/pipeline/cloud"
)

// An Installation is a table, two buckets and the queues of three lanes that nobody else
// uses, on the servers that the environment names.
type Installation struct {
	Name                           string
	StoreURL, CatalogURL, QueueURL string
	RawURL                         string // where merchants' files arrive

	Store   *cloud.Store
	Catalog *cloud.Catalog
	Queue   *cloud.Queue
	Lanes   []cloud.Lane
}

// New makes an installation. Its queue leases jobs for that long.
func New(ctx context.Context, lease time.Duration) (*Installation, error) {
	if err := Endpoints(); err != nil {
		return nil, err
	}
	name := "plinth-" + strings.ToLower(rand.Text()[:10])
	i := &Installation{
		Name: name, StoreURL: "s3://" + name + "-derived", RawURL: "s3://" + name + "-raw/in",
		CatalogURL: "dynamodb://" + name, QueueURL: "sqs://" + name,
	}
	var errs [4]error
	i.Store, errs[0] = bucket(ctx, i.StoreURL)
	_, errs[1] = bucket(ctx, i.RawURL)
	if i.Catalog, errs[2] = cloud.OpenCatalog(ctx, i.CatalogURL); errs[2] == nil {
		errs[2] = i.Catalog.CreateTable(ctx)
	}
	errs[3] = i.line(ctx, lease)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("make an installation: %w", err)
	}
	return i, nil
}

func bucket(ctx context.Context, url string) (*cloud.Store, error) {
	s, err := cloud.Open(ctx, url)
	if err == nil {
		err = s.CreateBucket(ctx)
	}
	return s, err
}

// line makes the queues.
func (i *Installation) line(ctx context.Context, lease time.Duration) (err error) {
	lanes := []cloud.Lane{{Name: "interactive", Weight: 6}, {Name: "bulk", Weight: 3}, {Name: "backfill", Weight: 1}}
	if i.Lanes, err = cloud.CreateQueues(ctx, i.Name, lanes); err != nil {
		return err
	}
	i.Queue, err = cloud.OpenQueue(ctx, cloud.QueueConfig{Lanes: i.Lanes, LeaseTime: lease})
	return err
}

// Flags are what a role is told of the installation; the queue too, if it takes jobs.
func (i *Installation) Flags(withQueue bool) []string {
	f := []string{"--store", i.StoreURL, "--catalog", i.CatalogURL}
	if withQueue {
		f = append(f, "--queue", i.QueueURL)
	}
	return f
}

// Messages counts those of all lanes: that can be received, that are leased or wait for
// another try, and dead letters.
func (i *Installation) Messages(ctx context.Context) (waiting, leased, dead int64, err error) {
	all, err := i.Queue.Stats(ctx)
	for _, s := range all {
		waiting, leased, dead = waiting+s.Waiting+s.Delayed, leased+s.InFlight, dead+s.Dead
	}
	return waiting, leased, dead, err
}

// Close lets go of the queue.
func (i *Installation) Close() error { return i.Queue.Close() }
