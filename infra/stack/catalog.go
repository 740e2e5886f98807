package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"

	"github.com/plinth3d/plinth/infra/names"
)

// catalog makes the table of models, versions and manifests, as pipeline/cloud's CreateTable
// does for tests, and returns its ARN. A standby has a replica, which belongs to its
// primary's stack.
func (s *site) catalog(d *data) string {
	if s.Primary != "" {
		return *d.stack.FormatArn(&awscdk.ArnComponents{Service: new("dynamodb"), Resource: new("table"), ResourceName: new(s.Catalog())})
	}
	text := func(name string) *awsdynamodb.Attribute {
		return &awsdynamodb.Attribute{Name: &name, Type: awsdynamodb.AttributeType_STRING}
	}
	p := &awsdynamodb.TablePropsV2{
		TableName: new(s.Catalog()), PartitionKey: text("pk"), SortKey: text("sk"),
		Billing:                          awsdynamodb.Billing_OnDemand(nil),
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: new(true), RecoveryPeriodInDays: new(35.0)},
		DeletionProtection:               new(true),
		RemovalPolicy:                    s.removal(),
		Encryption:                       awsdynamodb.TableEncryptionV2_CustomerManagedKey(d.key, s.replicaKeys(d)),
		GlobalSecondaryIndexes: &[]*awsdynamodb.GlobalSecondaryIndexPropsV2{
			{
				IndexName: new(names.ByState), PartitionKey: text("state"), ProjectionType: awsdynamodb.ProjectionType_KEYS_ONLY,
				SortKey: &awsdynamodb.Attribute{Name: new("updated"), Type: awsdynamodb.AttributeType_NUMBER},
			},
			{
				IndexName: new(names.ByMerchant), PartitionKey: text("modelsOf"), SortKey: text("model"),
				ProjectionType: awsdynamodb.ProjectionType_INCLUDE, NonKeyAttributes: texts("newest"),
			},
		},
	}
	if s.Standby != nil {
		p.Replicas = &[]*awsdynamodb.ReplicaTableProps{{Region: &s.Standby.Region}}
	}
	return *awsdynamodb.NewTableV2(d.stack, new("Catalog"), p).TableArn()
}

// replicaKeys is the key of each replica: the standby's, by the name it has there.
func (s *site) replicaKeys(d *data) *map[string]*string {
	if s.Standby == nil {
		return nil
	}
	return &map[string]*string{s.Standby.Region: new(s.standbyKey(d.stack))}
}

// standbyKey is the ARN of the alias of the standby's key, which has to be there first.
func (s *site) standbyKey(st awscdk.Stack) string {
	return "arn:aws:kms:" + s.Standby.Region + ":" + *st.Account() + ":alias/plinth-" + s.Standby.Env + "-data"
}
