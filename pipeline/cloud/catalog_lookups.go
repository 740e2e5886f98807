package cloud

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// look runs do for a model and says what failed. There is no model with a name that none
// can have.
func (c *Catalog) look(ctx context.Context, doing, merchant, model string, do func() error) error {
	j := asset.Job{Merchant: merchant, Model: model}
	if asset.CheckID(merchant) != nil || asset.CheckID(model) != nil {
		return fmt.Errorf("%s %.300q: %w", doing, refName(j), asset.ErrNotFound)
	}
	return c.fault(ctx, doing, refName(j), do())
}

// Newest returns the newest upload of a model.
func (c *Catalog) Newest(ctx context.Context, merchant, model string) (v asset.Version, err error) {
	err = c.look(ctx, "look up", merchant, model, func() error {
		m, err := c.model(ctx, merchant, model)
		if err != nil {
			return err
		}
		if m.Newest == "" {
			return asset.ErrNotFound
		}
		i, err := c.version(ctx, asset.Job{Merchant: merchant, Model: model, Version: m.Newest})
		if err != nil {
			return err
		}
		v, err = i.version()
		return err
	})
	return v, err
}

// Current returns the manifest that is current.
func (c *Catalog) Current(ctx context.Context, merchant, model string) (out asset.Manifest, err error) {
	err = c.look(ctx, "look up the manifest of", merchant, model, func() error {
		m, err := c.model(ctx, merchant, model)
		if err != nil {
			return err
		}
		if m.Current == "" {
			return asset.ErrNotFound
		}
		return c.manifest(ctx, asset.Job{Merchant: merchant, Model: model, Version: m.Current}, &out)
	})
	return out, err
}

// Manifest returns the manifest of a version.
func (c *Catalog) Manifest(ctx context.Context, merchant, model, version string) (out asset.Manifest, err error) {
	j := asset.Job{Merchant: merchant, Model: model, Version: version}
	if checkRef(j) != nil {
		return out, fmt.Errorf("look up the manifest of %.300q: %w", refName(j), asset.ErrNotFound)
	}
	err = c.fault(ctx, "look up the manifest of", refName(j), c.manifest(ctx, j, &out))
	return out, err
}

func (c *Catalog) manifest(ctx context.Context, j asset.Job, out *asset.Manifest) error {
	var i manifestItem
	if err := c.get(ctx, manifestKey(j), &i); err != nil {
		return err
	}
	return unpack(i.Body, out)
}

// Versions returns all versions of a model.
func (c *Catalog) Versions(ctx context.Context, merchant, model string) (out []asset.Version, err error) {
	err = c.look(ctx, "list versions of", merchant, model, func() error {
		items, err := query[versionItem](ctx, c, &dynamodb.QueryInput{
			KeyConditionExpression:    aws.String("pk = :pk AND begins_with(sk, :version)"),
			ExpressionAttributeValues: textValues(":pk", modelKey(merchant, model).Partition, ":version", versions),
			ConsistentRead:            aws.Bool(true),
		}, 0)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return asset.ErrNotFound
		}
		slices.SortFunc(items, func(a, b versionItem) int { return cmp.Compare(b.Generation, a.Generation) })
		out, err = versionsOf(items)
		return err
	})
	return out, err
}

// Unfinished returns what is queued or running.
func (c *Catalog) Unfinished(ctx context.Context) ([]asset.Version, error) {
	items, err := c.inStates(ctx, 0, asset.Queued, asset.Running)
	if err != nil {
		return nil, c.fault(ctx, "list unfinished jobs of", "all", err)
	}
	slices.SortStableFunc(items, func(a, b versionItem) int { return a.Submitted.Compare(b.Submitted) })
	return versionsOf(items)
}

// Jobs returns versions by state.
func (c *Catalog) Jobs(ctx context.Context, limit int, states ...asset.State) ([]asset.Version, error) {
	if limit <= 0 {
		return nil, nil
	}
	if len(states) == 0 {
		states = []asset.State{asset.Queued, asset.Running, asset.Ready, asset.Failed}
	}
	items, err := c.inStates(ctx, limit, states...)
	if err != nil {
		return nil, c.fault(ctx, "list jobs of", "all", err)
	}
	return versionsOf(items)
}

// inStates returns versions in the states, the last updated first, at most limit unless
// that is 0. One that has left them since the index was written isn't there.
func (c *Catalog) inStates(ctx context.Context, limit int, states ...asset.State) ([]versionItem, error) {
	var entries []versionItem // of which the index has the keys
	for _, s := range states {
		some, err := query[versionItem](ctx, c, &dynamodb.QueryInput{
			IndexName:                 aws.String(byState),
			KeyConditionExpression:    aws.String("#state = :state"),
			ExpressionAttributeNames:  map[string]string{"#state": "state"}, // a reserved word
			ExpressionAttributeValues: textValues(":state", string(s)),
			ScanIndexForward:          aws.Bool(false),
		}, limit)
		if err != nil {
			return nil, err
		}
		entries = append(entries, some...)
	}
	slices.SortFunc(entries, lastUpdated)
	seen := map[key]bool{} // one that changes its state meanwhile may be there twice
	var keys []key
	for _, e := range entries {
		if !seen[e.key] && (limit == 0 || len(keys) < limit) {
			keys = append(keys, e.key)
		}
		seen[e.key] = true
	}
	items, err := c.fetch(ctx, keys)
	if err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(items, func(i versionItem) bool { return !slices.Contains(states, i.State) })
	slices.SortFunc(items, lastUpdated)
	return items, nil
}

func lastUpdated(a, b versionItem) int {
	return cmp.Or(b.Updated.Compare(a.Updated), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Sort, b.Sort))
}

// versionsOf is what the items tell.
func versionsOf(items []versionItem) (out []asset.Version, err error) {
	for _, i := range items {
		v, err := i.version()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", refName(i.Ref()), err)
		}
		out = append(out, v)
	}
	return out, nil
}

// textValues makes values of an expression from name, text, name, text.
func textValues(pairs ...string) map[string]types.AttributeValue {
	out := map[string]types.AttributeValue{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = &types.AttributeValueMemberS{Value: pairs[i+1]}
	}
	return out
}
