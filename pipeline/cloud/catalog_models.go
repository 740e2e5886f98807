package cloud

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// List returns the newest upload of each model.
func (c *Catalog) List(ctx context.Context, merchant string) ([]asset.Version, error) {
	return c.models(ctx, merchant, "", 0)
}

// Models returns the newest uploads of some models.
func (c *Catalog) Models(ctx context.Context, merchant, after string, limit int) ([]asset.Version, error) {
	if limit <= 0 {
		return nil, nil
	}
	return c.models(ctx, merchant, after, limit)
}

// models lists models, at most limit unless that is 0.
func (c *Catalog) models(ctx context.Context, merchant, after string, limit int) ([]asset.Version, error) {
	if asset.CheckID(merchant) != nil {
		return nil, nil // nobody can have that name
	}
	in := &dynamodb.QueryInput{
		IndexName:                 aws.String(byMerchant),
		KeyConditionExpression:    aws.String("modelsOf = :merchant"),
		ExpressionAttributeValues: textValues(":merchant", merchant),
	}
	if after != "" {
		in.KeyConditionExpression = aws.String("modelsOf = :merchant AND #model > :after")
		in.ExpressionAttributeNames = map[string]string{"#model": "model"}
		in.ExpressionAttributeValues = textValues(":merchant", merchant, ":after", after)
	}
	models, err := query[modelItem](ctx, c, in, limit)
	if err != nil {
		return nil, c.fault(ctx, "list models of", merchant, err)
	}
	if limit > 0 {
		models = models[:min(limit, len(models))]
	}
	keys := make([]key, len(models))
	for i, m := range models {
		keys[i] = versionKey(asset.Job{Merchant: merchant, Model: m.Name, Version: m.Newest})
	}
	items, err := c.fetch(ctx, keys)
	if err != nil {
		return nil, c.fault(ctx, "list models of", merchant, err)
	}
	slices.SortFunc(items, func(a, b versionItem) int { return cmp.Compare(a.Model, b.Model) })
	return versionsOf(items)
}

// Merchants returns all merchants. It reads an entry of an index for each version.
func (c *Catalog) Merchants(ctx context.Context) ([]string, error) {
	names := map[string]bool{}
	for _, s := range []asset.State{asset.Queued, asset.Running, asset.Ready, asset.Failed} {
		pages := dynamodb.NewQueryPaginator(c.client, &dynamodb.QueryInput{
			TableName: &c.table, IndexName: aws.String(byState),
			KeyConditionExpression:    aws.String("#state = :state"),
			ExpressionAttributeNames:  map[string]string{"#state": "state"}, // a reserved word
			ExpressionAttributeValues: textValues(":state", string(s)),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, c.fault(ctx, "list merchants of", "all", err)
			}
			for _, m := range page.Items {
				var k key
				if err := decodeItem(m, &k); err != nil {
					return nil, c.fault(ctx, "list merchants of", "all", err)
				}
				merchant, _, _ := strings.Cut(k.Partition, "/")
				names[merchant] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}
