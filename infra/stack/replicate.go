package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
)

// replicate copies uploads and the store to the standby's buckets, within 15 minutes for
// 99.99 of 100 objects (S3 Replication Time Control). Deletions are not copied: what a
// mistake deletes here is still there.
func (s *site) replicate(d *data) {
	role := awsiam.NewRole(d.stack, new("Replication"), &awsiam.RoleProps{AssumedBy: service("s3"), Description: new("Copies objects to " + s.Standby.Region)})
	s.allowReplication(d, role)
	for name, b := range map[string]awss3.Bucket{"raw": d.raw, "derived": d.derived} {
		b.Node().DefaultChild().(awss3.CfnBucket).SetReplicationConfiguration(&awss3.CfnBucket_ReplicationConfigurationProperty{
			Role: role.RoleArn(), Rules: []any{s.copying(d, name)},
		})
	}
}

// copying is the one rule of a bucket: all of it.
func (s *site) copying(d *data, name string) *awss3.CfnBucket_ReplicationRuleProperty {
	quarter := &awss3.CfnBucket_ReplicationTimeValueProperty{Minutes: new(15.0)}
	enabled := new("Enabled")
	return &awss3.CfnBucket_ReplicationRuleProperty{
		Id: new("standby"), Status: enabled, Priority: new(1.0), Filter: &awss3.CfnBucket_ReplicationRuleFilterProperty{Prefix: new("")},
		DeleteMarkerReplication: &awss3.CfnBucket_DeleteMarkerReplicationProperty{Status: new("Disabled")},
		SourceSelectionCriteria: &awss3.CfnBucket_SourceSelectionCriteriaProperty{
			SseKmsEncryptedObjects: &awss3.CfnBucket_SseKmsEncryptedObjectsProperty{Status: enabled},
		},
		Destination: &awss3.CfnBucket_ReplicationDestinationProperty{
			Bucket:                  new("arn:aws:s3:::" + bucketName(d.stack, s.Standby.Env, s.Standby.Region, name)),
			EncryptionConfiguration: &awss3.CfnBucket_EncryptionConfigurationProperty{ReplicaKmsKeyId: new(s.standbyKey(d.stack))},
			ReplicationTime:         &awss3.CfnBucket_ReplicationTimeProperty{Status: enabled, Time: quarter},
			Metrics:                 &awss3.CfnBucket_MetricsProperty{Status: enabled, EventThreshold: quarter},
		},
	}
}

func (s *site) allowReplication(d *data, role awsiam.Role) {
	var here, hereObjects, thereObjects []*string
	for _, name := range []string{"raw", "derived"} {
		bucket := "arn:aws:s3:::" + s.bucketName(d.stack, name)
		here, hereObjects = append(here, &bucket), append(hereObjects, new(bucket+"/*"))
		thereObjects = append(thereObjects, new("arn:aws:s3:::"+bucketName(d.stack, s.Standby.Env, s.Standby.Region, name)+"/*"))
	}
	grants := []grant{
		{actions: []string{"s3:GetReplicationConfiguration", "s3:ListBucket"}, on: here},
		{actions: []string{"s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"}, on: hereObjects},
		{actions: []string{"s3:ReplicateObject", "s3:ReplicateTags"}, on: thereObjects},
		{actions: []string{"kms:Decrypt"}, on: []*string{d.key.KeyArn()}},
		{
			// A key's ID is not known here; its name is.
			actions:    []string{"kms:Encrypt", "kms:GenerateDataKey"},
			on:         []*string{new("arn:aws:kms:" + s.Standby.Region + ":" + *d.stack.Account() + ":key/*")},
			conditions: map[string]any{"ForAnyValue:StringEquals": map[string]any{"kms:ResourceAliases": "alias/plinth-" + s.Standby.Env + "-data"}},
		},
	}
	give(role, grants)
	accept(role, "AwsSolutions-IAM5", "Replication is of all objects of two buckets to two buckets; the standby's key is named by its alias in a condition.")
}
