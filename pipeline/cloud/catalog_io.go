package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// get reads an item as it is now. One that isn't there is ErrNotFound.
func (c *Catalog) get(ctx context.Context, k key, item any) error {
	at, err := encodeItem(k)
	if err != nil {
		return err
	}
	out, err := c.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &c.table, Key: at, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return err
	}
	if len(out.Item) == 0 {
		return asset.ErrNotFound
	}
	return decodeItem(out.Item, item)
}

// model reads what is newest and current; of an unknown model nothing is.
func (c *Catalog) model(ctx context.Context, merchant, model string) (modelItem, error) {
	m := modelItem{key: modelKey(merchant, model), ModelsOf: merchant, Name: model}
	err := c.get(ctx, m.key, &m)
	if errors.Is(err, asset.ErrNotFound) {
		err = nil
	}
	return m, err
}

func (c *Catalog) version(ctx context.Context, j asset.Job) (v versionItem, err error) {
	err = c.get(ctx, versionKey(j), &v)
	return v, err
}

// A save writes items at once or not at all.
type save struct {
	token string
	puts  []types.Put
	err   error
}

// put writes an item in place of the state that has this stamp, which it brings up to
// date.
func (s *save) put(item any, at *stamp) {
	was := at.Revision
	at.Revision, at.Token = was+1, s.token
	p := types.Put{ConditionExpression: aws.String("attribute_not_exists(pk)")}
	if was > 0 {
		p.ConditionExpression = aws.String("revision = :was")
		p.ExpressionAttributeValues = map[string]types.AttributeValue{":was": &types.AttributeValueMemberN{Value: strconv.FormatInt(was, 10)}}
	}
	s.add(item, p)
}

func (s *save) add(item any, p types.Put) {
	var err error
	p.Item, err = encodeItem(item)
	s.puts, s.err = append(s.puts, p), errors.Join(s.err, err)
}

// do writes the items. errMoved says that one was not in the state it should be.
func (s *save) do(ctx context.Context, c *Catalog) error {
	if s.err != nil {
		return s.err
	}
	if len(s.puts) == 1 {
		p := s.puts[0]
		_, err := c.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &c.table, Item: p.Item,
			ConditionExpression: p.ConditionExpression, ExpressionAttributeValues: p.ExpressionAttributeValues,
		})
		return moved(err)
	}
	items := make([]types.TransactWriteItem, len(s.puts))
	for i := range s.puts {
		s.puts[i].TableName = &c.table
		items[i].Put = &s.puts[i]
	}
	_, err := c.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return moved(err)
}

// query reads all pages of a query, or enough for limit items unless that is 0.
func query[T any](ctx context.Context, c *Catalog, in *dynamodb.QueryInput, limit int) (out []T, err error) {
	in.TableName = &c.table
	if limit > 0 {
		in.Limit = aws.Int32(int32(min(limit, 1000)))
	}
	for pages := dynamodb.NewQueryPaginator(c.client, in); pages.HasMorePages() && (limit == 0 || len(out) < limit); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, m := range page.Items {
			var item T
			if err := decodeItem(m, &item); err != nil {
				return nil, fmt.Errorf("read an item: %w", err)
			}
			out = append(out, item)
		}
	}
	return out, nil
}

// batch is how many items BatchGetItem takes.
const batch = 100

// fetch reads versions as they are now, in no order. Keys must differ.
func (c *Catalog) fetch(ctx context.Context, keys []key) (out []versionItem, err error) {
	for some := range slices.Chunk(keys, batch) {
		ask := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
		for _, k := range some {
			at, err := encodeItem(k)
			if err != nil {
				return nil, err
			}
			ask.Keys = append(ask.Keys, at)
		}
		// An answer ends at 16 MB, or where throughput does, and says what is missing.
		for idle := 0; len(ask.Keys) > 0; {
			answer, err := c.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{c.table: ask}})
			if err != nil {
				return nil, err
			}
			for _, m := range answer.Responses[c.table] {
				var v versionItem
				if err := decodeItem(m, &v); err != nil {
					return nil, fmt.Errorf("read an item: %w", err)
				}
				out, idle = append(out, v), 0
			}
			if ask.Keys = answer.UnprocessedKeys[c.table].Keys; len(ask.Keys) == 0 {
				break
			}
			if idle++; idle == catalogAttempts {
				return nil, fmt.Errorf("%w: %d items are held back", asset.ErrUnavailable, len(ask.Keys))
			}
			if err := rest(ctx, time.Duration(idle)*longestPause); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
