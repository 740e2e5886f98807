package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"

	"github.com/plinth3d/plinth/infra/names"
)

// data is what must not be lost, and the key to it.
type data struct {
	stack        awscdk.Stack
	key          awskms.Key
	logs         awss3.Bucket // of others
	raw, derived awss3.Bucket // uploads; the store: sources, recipes, renditions
	table        string       // ARN of the catalog's table
	ledger       *ledger      // nil without one
}

func (s *site) data(n *network, q *queues) *data {
	d := &data{stack: s.stack("data", "buckets, catalog, ledger, their key")}
	d.key = s.key(d.stack)
	d.logs = s.bucket(d.stack, "logs", awss3.BucketProps{
		// What writes logs can't use a key of ours.
		Encryption:     awss3.BucketEncryption_S3_MANAGED,
		LifecycleRules: &[]*awss3.LifecycleRule{{Id: new("old"), Expiration: days(s.Keep.Logs), NoncurrentVersionExpiration: days(1)}},
	})
	d.raw = s.dataBucket(d, "raw", &awss3.LifecycleRule{Id: new("uploaded"), Expiration: days(s.Keep.Raw)})
	d.derived = s.dataBucket(d, "derived", &awss3.LifecycleRule{
		// A source is read when a catalog is made anew, once or twice a year.
		Id: new("sources"), Prefix: new(names.Source),
		Transitions: &[]*awss3.Transition{{StorageClass: awss3.StorageClass_INTELLIGENT_TIERING(), TransitionAfter: days(0)}},
	}, &awss3.LifecycleRule{Id: new("checkpoints"), Prefix: new(names.Checkpoint), Expiration: days(7)}, // of jobs that nobody took up again
	)
	s.collect(d)
	if s.Uploads {
		d.announce(q)
	}
	s.serve(d)
	if s.Standby != nil {
		s.replicate(d)
	}
	d.table = s.catalog(d)
	if s.Ledger.Instances > 0 {
		d.ledger = s.ledger(d, n)
	}
	return d
}

// key encrypts all that lasts. Services that read for others are named in its policy, each
// for this account only.
func (s *site) key(st awscdk.Stack) awskms.Key {
	k := awskms.NewKey(st, new("Key"), &awskms.KeyProps{
		Alias: new(s.Name() + "-data"), Description: new("Plinth " + s.Env + ": objects, catalog, ledger, backups, alarms"),
		EnableKeyRotation: new(true), RemovalPolicy: s.removal(), PendingWindow: days(30),
	})
	use := func(id, who string, conditions map[string]any) {
		k.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: &id, Principals: &[]awsiam.IPrincipal{service(who)},
			Actions: texts("kms:Decrypt", "kms:GenerateDataKey"), Resources: texts("*"), Conditions: &conditions,
		}), nil)
	}
	use("AlarmsToTopics", "cloudwatch", map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": st.Account()}})
	use("BudgetsToTopics", "budgets", map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": st.Account()}})
	use("EdgeReads", "cloudfront", s.fromEdge(st))
	return k
}

// fromEdge holds for distributions of this account. Which it is can't be named: a
// distribution needs its bucket first.
func (s *site) fromEdge(st awscdk.Stack) map[string]any {
	return map[string]any{
		"StringEquals": map[string]any{"aws:SourceAccount": st.Account()},
		"ArnLike":      map[string]any{"aws:SourceArn": "arn:aws:cloudfront::" + *st.Account() + ":distribution/*"},
	}
}

// bucketName is known before there is a bucket, and in the other region.
func (s *site) bucketName(st awscdk.Stack, name string) string {
	return bucketName(st, s.Env, s.Region, name)
}

func bucketName(st awscdk.Stack, env, region, name string) string {
	return "plinth-" + env + "-" + name + "-" + *st.Account() + "-" + region
}

// bucket is closed to the public, takes TLS 1.2 or newer only, and keeps old versions.
func (s *site) bucket(st awscdk.Stack, name string, p awss3.BucketProps) awss3.Bucket {
	p.BucketName = new(s.bucketName(st, name))
	p.BlockPublicAccess, p.ObjectOwnership = awss3.BlockPublicAccess_BLOCK_ALL(), awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED
	p.EnforceSSL, p.MinimumTLSVersion = new(true), new(1.2)
	p.Versioned, p.RemovalPolicy = new(true), s.removal()
	*p.LifecycleRules = append(*p.LifecycleRules, &awss3.LifecycleRule{
		Id: new("broken-off"), AbortIncompleteMultipartUploadAfter: days(1), ExpiredObjectDeleteMarker: new(true),
	})
	return awss3.NewBucket(st, new("Bucket"+name), &p)
}

// dataBucket is one under the key, with a log of who did what.
func (s *site) dataBucket(d *data, name string, rules ...*awss3.LifecycleRule) awss3.Bucket {
	rules = append(rules, &awss3.LifecycleRule{Id: new("replaced"), NoncurrentVersionExpiration: days(s.Keep.Noncurrent)})
	return s.bucket(d.stack, name, awss3.BucketProps{
		Encryption: awss3.BucketEncryption_KMS, EncryptionKey: d.key, BucketKeyEnabled: new(true),
		ServerAccessLogsBucket: d.logs, ServerAccessLogsPrefix: new("s3/" + name + "/"),
		LifecycleRules: &rules,
	})
}

// edgeLogs is where the edge's access logs are in the bucket of logs.
const edgeLogs = "edge"

// collect lets deliveries of CloudWatch write logs of the edge.
func (s *site) collect(d *data) {
	if s.Edge == nil {
		return
	}
	d.logs.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: new("EdgeLogs"), Principals: &[]awsiam.IPrincipal{service("delivery.logs")},
		Actions: texts("s3:PutObject"), Resources: &[]*string{d.logs.ArnForObjects(new(edgeLogs + "/*"))},
		Conditions: &map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": d.stack.Account()},
			"ArnLike":      map[string]any{"aws:SourceArn": "arn:aws:logs:" + s.Region + ":" + *d.stack.Account() + ":delivery-source:*"},
		},
	}))
}

// announce has S3 tell the queue of uploads. CDK's own way would bring a function of its
// own to do this.
func (d *data) announce(q *queues) {
	d.raw.Node().DefaultChild().(awss3.CfnBucket).SetNotificationConfiguration(&awss3.CfnBucket_NotificationConfigurationProperty{
		QueueConfigurations: []any{&awss3.CfnBucket_QueueConfigurationProperty{
			Event: new("s3:ObjectCreated:*"), Queue: q.arrivals().QueueArn(),
			Filter: &awss3.CfnBucket_NotificationFilterProperty{S3Key: &awss3.CfnBucket_S3KeyFilterProperty{Rules: []any{
				&awss3.CfnBucket_FilterRuleProperty{Name: new("prefix"), Value: new(names.Raw)},
				&awss3.CfnBucket_FilterRuleProperty{Name: new("suffix"), Value: new(names.UploadEnd)},
			}}},
		}},
	})
}

// serve lets the edge read what shoppers may see, and sources where their URLs are signed.
func (s *site) serve(d *data) {
	parts := []string{names.Rendition}
	if s.Edge != nil && s.Edge.SigningKey != "" {
		parts = append(parts, names.Source)
	}
	var resources []*string
	for _, p := range parts {
		resources = append(resources, d.derived.ArnForObjects(new(p+"*")))
	}
	conditions := s.fromEdge(d.stack)
	d.derived.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: new("EdgeReads"), Principals: &[]awsiam.IPrincipal{service("cloudfront")},
		Actions: texts("s3:GetObject"), Resources: &resources, Conditions: &conditions,
	}))
}
