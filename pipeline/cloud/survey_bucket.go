package cloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plinth3d/plinth/pipeline/doctor"
)

func surveyBucket(ctx context.Context, url string) (*doctor.Resource, error) {
	s, err := Open(ctx, url)
	if err != nil {
		return nil, err
	}
	r := seen("AWS::S3::Bucket", s.bucket, map[string]any{"BucketName": s.bucket})
	return r, see(ctx, r,
		look{"s3:GetBucketPublicAccessBlock", []string{"PublicAccessBlockConfiguration"}, "NoSuchPublicAccessBlockConfiguration", s.publicAccess},
		look{"s3:GetBucketPolicyStatus", []string{"PolicyStatus"}, "NoSuchBucketPolicy", s.policyStatus},
		look{"s3:GetEncryptionConfiguration", []string{"BucketEncryption"}, "ServerSideEncryptionConfigurationNotFoundError", s.encryption},
		look{"s3:GetBucketVersioning", []string{"VersioningConfiguration"}, "", s.versioning},
		look{"s3:GetLifecycleConfiguration", []string{"LifecycleConfiguration"}, "NoSuchLifecycleConfiguration", s.lifecycle})
}

func (s *Store) publicAccess(ctx context.Context) (map[string]any, error) {
	out, err := s.client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &s.bucket})
	if err != nil || out.PublicAccessBlockConfiguration == nil {
		return nil, err
	}
	c := out.PublicAccessBlockConfiguration
	return map[string]any{"PublicAccessBlockConfiguration": map[string]any{
		"BlockPublicAcls": aws.ToBool(c.BlockPublicAcls), "BlockPublicPolicy": aws.ToBool(c.BlockPublicPolicy),
		"IgnorePublicAcls": aws.ToBool(c.IgnorePublicAcls), "RestrictPublicBuckets": aws.ToBool(c.RestrictPublicBuckets),
	}}, nil
}

func (s *Store) policyStatus(ctx context.Context) (map[string]any, error) {
	out, err := s.client.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: &s.bucket})
	if err != nil || out.PolicyStatus == nil {
		return nil, err
	}
	return map[string]any{"PolicyStatus": map[string]any{"IsPublic": aws.ToBool(out.PolicyStatus.IsPublic)}}, nil
}

func (s *Store) encryption(ctx context.Context) (map[string]any, error) {
	out, err := s.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &s.bucket})
	if err != nil || out.ServerSideEncryptionConfiguration == nil {
		return nil, err
	}
	var rules []any
	for _, x := range out.ServerSideEncryptionConfiguration.Rules {
		rule := map[string]any{"BucketKeyEnabled": aws.ToBool(x.BucketKeyEnabled)}
		if d := x.ApplyServerSideEncryptionByDefault; d != nil {
			rule["ServerSideEncryptionByDefault"] = map[string]any{"SSEAlgorithm": string(d.SSEAlgorithm)}
		}
		rules = append(rules, rule)
	}
	return map[string]any{"BucketEncryption": map[string]any{"ServerSideEncryptionConfiguration": rules}}, nil
}

func (s *Store) versioning(ctx context.Context) (map[string]any, error) {
	out, err := s.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.bucket})
	if err != nil {
		return nil, err
	}
	return map[string]any{"VersioningConfiguration": map[string]any{"Status": string(out.Status)}}, nil
}

func (s *Store) lifecycle(ctx context.Context) (map[string]any, error) {
	out, err := s.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &s.bucket})
	if err != nil {
		return nil, err
	}
	var rules []any
	for i := range out.Rules {
		rules = append(rules, lifecycleRule(&out.Rules[i]))
	}
	return map[string]any{"LifecycleConfiguration": map[string]any{"Rules": rules}}, nil
}

func lifecycleRule(x *types.LifecycleRule) map[string]any {
	rule := map[string]any{"Status": string(x.Status)}
	if a := x.AbortIncompleteMultipartUpload; a != nil {
		rule["AbortIncompleteMultipartUpload"] = map[string]any{"DaysAfterInitiation": float64(aws.ToInt32(a.DaysAfterInitiation))}
	}
	if n := x.NoncurrentVersionExpiration; n != nil {
		rule["NoncurrentVersionExpiration"] = map[string]any{"NoncurrentDays": float64(aws.ToInt32(n.NoncurrentDays))}
	}
	return rule
}
