package cloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/plinth3d/plinth/pipeline/doctor"
)

func surveyTable(ctx context.Context, url string) (*doctor.Resource, error) {
	c, err := OpenCatalog(ctx, url)
	if err != nil {
		return nil, err
	}
	r := seen("AWS::DynamoDB::Table", c.table, map[string]any{"TableName": c.table})
	return r, see(ctx, r,
		look{permission: "dynamodb:DescribeTable", properties: []string{"BillingMode", "DeletionProtectionEnabled"}, ask: c.describe},
		look{permission: "dynamodb:DescribeContinuousBackups", properties: []string{"PointInTimeRecoverySpecification"}, ask: c.backups})
}

func (c *Catalog) describe(ctx context.Context) (map[string]any, error) {
	out, err := c.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &c.table})
	if err != nil {
		return nil, c.fault(ctx, "describe", "the table", err)
	}
	mode := types.BillingModeProvisioned // a table that never was anything else has no summary
	if b := out.Table.BillingModeSummary; b != nil {
		mode = b.BillingMode
	}
	return map[string]any{"BillingMode": string(mode), "DeletionProtectionEnabled": aws.ToBool(out.Table.DeletionProtectionEnabled)}, nil
}

func (c *Catalog) backups(ctx context.Context) (map[string]any, error) {
	out, err := c.client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &c.table})
	if err != nil {
		return nil, c.fault(ctx, "look at the backups of", "the table", err)
	}
	on := false
	if d := out.ContinuousBackupsDescription; d != nil && d.PointInTimeRecoveryDescription != nil {
		on = d.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus == types.PointInTimeRecoveryStatusEnabled
	}
	return map[string]any{"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": on}}, nil
}
