package cloud

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Rescue returns what has been queued for long, once. Where nothing has, it is one Query
// that finds nothing.
func (c *Catalog) Rescue(ctx context.Context, before time.Time, limit int) (out []asset.Version, err error) {
	if limit <= 0 {
		return nil, nil
	}
	items, err := c.queuedBefore(ctx, before, limit)
	for _, i := range items {
		if err != nil {
			break
		}
		var won bool
		if won, err = c.rescue(ctx, &i); won && err == nil {
			var v asset.Version
			v, err = i.version()
			out = append(out, v)
		}
	}
	return out, c.fault(ctx, "rescue queued jobs of", "all", err)
}

// rescue updates a version unless someone else rescued it, or is at work on it.
func (c *Catalog) rescue(ctx context.Context, i *versionItem) (won bool, err error) {
	s := save{token: rand.Text()}
	i.Updated = c.now()
	s.put(i, &i.stamp)
	if err = s.do(ctx, c); errors.Is(err, errMoved) {
		now, err := c.version(ctx, i.Ref())
		return now.Token == s.token, err // it was this call, whose first answer was lost
	}
	return err == nil, err
}

// queuedBefore returns versions that have been queued since before a time, the longest first.
func (c *Catalog) queuedBefore(ctx context.Context, before time.Time, limit int) (out []versionItem, err error) {
	values := textValues(":state", string(asset.Queued))
	values[":before"] = &types.AttributeValueMemberN{Value: strconv.FormatInt(before.UnixMicro(), 10)}
	entries, err := query[versionItem](ctx, c, &dynamodb.QueryInput{
		IndexName:                 aws.String(byState),
		KeyConditionExpression:    aws.String("#state = :state AND #updated < :before"),
		ExpressionAttributeNames:  map[string]string{"#state": "state", "#updated": "updated"}, // reserved words
		ExpressionAttributeValues: values,
	}, limit)
	if err != nil {
		return nil, err
	}
	var keys []key
	for _, e := range entries[:min(limit, len(entries))] {
		keys = append(keys, e.key)
	}
	items, err := c.fetch(ctx, keys)
	for _, e := range entries { // in their order
		for _, i := range items {
			if i.key == e.key && i.State == asset.Queued && i.Updated.Before(before) {
				out = append(out, i)
			}
		}
	}
	return out, err
}
