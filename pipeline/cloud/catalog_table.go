package cloud

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Indexes of the table. They have keys only, by-merchant what is newest too: a write that
// changes none of these costs nothing more, and what a list tells is read from the items.
const (
	byState    = "by-state"    // versions, by state and updated
	byMerchant = "by-merchant" // models, by modelsOf and model
)

// CreateTable makes the catalog's table unless it is there, and waits until it can be
// used. It is for tests and trials: a table for customers has backups, alarms and an
// owner, and comes from where those are declared.
func (c *Catalog) CreateTable(ctx context.Context) error {
	text := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
	}
	updated := text("updated")
	updated.AttributeType = types.ScalarAttributeTypeN
	_, err := c.client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   &c.table,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			text("pk"), text("sk"), text("state"), updated, text("modelsOf"), text("model"),
		},
		KeySchema: keysOn("pk", "sk"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			indexOn(byState, "state", "updated"), indexOn(byMerchant, "modelsOf", "model", "newest"),
		},
	})
	if _, there := errors.AsType[*types.ResourceInUseException](err); err != nil && !there {
		return c.fault(ctx, "create", "the table", err)
	}
	waiter := dynamodb.NewTableExistsWaiter(c.client, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay, o.MaxDelay = time.Second/4, 2*time.Second })
	return c.fault(ctx, "wait for", "the table", waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &c.table}, 2*time.Minute))
}

func keysOn(partition, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: &partition, KeyType: types.KeyTypeHash},
		{AttributeName: &sort, KeyType: types.KeyTypeRange},
	}
}

func indexOn(name, partition, sort string, more ...string) types.GlobalSecondaryIndex {
	p := &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	if len(more) > 0 {
		p = &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: more}
	}
	return types.GlobalSecondaryIndex{IndexName: &name, KeySchema: keysOn(partition, sort), Projection: p}
}
