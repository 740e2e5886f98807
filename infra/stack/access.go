package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"

	"github.com/plinth3d/plinth/infra/names"
)

// What the roles of the product may call: what they were seen to call, on what, and no more. A
// test holds this against the lists in pipeline/cloud/awstest/calls.

// below is the objects under prefixes of a bucket.
func below(b awss3.Bucket, prefixes ...string) (arns []*string) {
	for _, p := range prefixes {
		arns = append(arns, b.ArnForObjects(new(p+"*")))
	}
	return arns
}

func arns(all []awssqs.Queue) (list []*string) {
	for _, q := range all {
		list = append(list, q.QueueArn())
	}
	return list
}

// tableGrant is on the catalog's table, or on indexes of it.
func (d *data) tableGrant(indexes []string, actions ...string) grant {
	g := grant{actions: actions}
	for _, i := range indexes {
		g.on = append(g.on, new(d.table+"/index/"+i))
	}
	if len(indexes) == 0 {
		g.on = []*string{&d.table}
	}
	return g
}

// keyGrant is on the key, for those who use it through a service.
func (d *data) keyGrant(actions ...string) grant {
	return grant{actions: actions, on: []*string{d.key.KeyArn()}}
}

// known makes a missing object a 404, not a 403 that could mean anything.
func known(buckets ...awss3.Bucket) grant {
	g := grant{actions: []string{"s3:ListBucket"}}
	for _, b := range buckets {
		g.on = append(g.on, b.BucketArn())
	}
	return g
}

func (s *site) workerGrants(q *queues, d *data) []grant {
	jobs, dead := q.split()
	kept := below(d.derived, names.Source, names.Rendition, names.Checkpoint)
	return []grant{
		{actions: []string{"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"}, on: kept},
		{actions: []string{"s3:GetObject", "s3:PutObject"}, on: below(d.derived, names.Recipe)},
		{actions: []string{"s3:GetObject"}, on: below(d.raw, names.Raw)},
		known(d.derived, d.raw),
		d.tableGrant(nil, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem"),
		d.tableGrant([]string{names.ByState}, "dynamodb:Query"), // what has been queued for long
		{
			actions: []string{"sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"},
			on:      arns(jobs),
		},
		{actions: []string{"sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}, on: arns(dead)},
		d.keyGrant("kms:Decrypt", "kms:GenerateDataKey"),
	}
}

// operatorGrants are for what people do by hand: jobs, batches, versions, dead letters,
// garbage, and the ledger.
func (s *site) operatorGrants(q *queues, d *data) []grant {
	jobs, dead := q.split()
	all := []grant{
		{actions: []string{"s3:GetObject"}, on: below(d.derived, names.Source)},
		{actions: []string{"s3:PutObject"}, on: below(d.derived, names.Recipe, names.Sweep)},
		{actions: []string{"s3:DeleteObject"}, on: below(d.derived, names.Rendition, names.Checkpoint, names.Sweep)},
		known(d.derived),
		d.tableGrant(nil, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem"),
		d.tableGrant([]string{names.ByState, names.ByMerchant}, "dynamodb:Query"),
		{actions: []string{"sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}, on: arns(jobs)},
		{actions: []string{"sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}, on: arns(dead)},
		d.keyGrant("kms:Decrypt", "kms:GenerateDataKey"),
	}
	if d.ledger != nil {
		all = append(all, grant{actions: []string{"rds-db:connect"}, on: []*string{new(d.ledger.user(d.stack))}})
	}
	return all
}

// split is the lanes' queues and those of their dead letters.
func (q *queues) split() (jobs, dead []awssqs.Queue) {
	for _, l := range q.lanes {
		jobs, dead = append(jobs, l.jobs), append(dead, l.dead)
	}
	return jobs, dead
}

func (s *site) originGrants(d *data) []grant {
	all := []grant{
		{actions: []string{"s3:GetObject"}, on: below(d.derived, names.Rendition)},
		known(d.derived),
		d.tableGrant(nil, "dynamodb:GetItem"),
		d.keyGrant("kms:Decrypt"),
	}
	if s.Origin.Signed { // who has the keys can sign anything: nobody else reads them
		all = append(all, grant{actions: []string{"s3:GetObject"}, on: []*string{d.derived.ArnForObjects(new(names.SigningKeys))}})
	}
	return all
}

func (s *site) precheckGrants(q *queues, d *data) []grant {
	lane := q.lanes[0]
	return []grant{
		{actions: []string{"s3:GetObject"}, on: below(d.raw, names.Raw)},
		{actions: []string{"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"}, on: below(d.derived, names.Source)},
		{actions: []string{"s3:GetObject", "s3:PutObject"}, on: below(d.derived, names.Recipe)},
		known(d.derived, d.raw),
		d.tableGrant(nil, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"),
		{actions: []string{"sqs:SendMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"}, on: arns([]awssqs.Queue{lane.jobs, lane.dead})},
		d.keyGrant("kms:Decrypt", "kms:GenerateDataKey"),
	}
}
