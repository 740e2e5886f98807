package stack

import (
	"slices"
	"strings"

	cf "github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
)

// origins are where the edge gets what it has not: the bucket and the service, each here and
// at the standby's, and the groups of both.
func (s *site) origins(e *edge, d *data, o *origin) (origins, groups []any) {
	access := cf.NewCfnOriginAccessControl(e.stack, new("BucketAccess"), &cf.CfnOriginAccessControlProps{
		OriginAccessControlConfig: &cf.CfnOriginAccessControl_OriginAccessControlConfigProperty{
			Name: new(s.Name()), OriginAccessControlOriginType: new("s3"), SigningBehavior: new("always"), SigningProtocol: new("sigv4"),
		},
	})
	bucket := func(id, env, region string) {
		origins = append(origins, &cf.CfnDistribution_OriginProperty{
			Id: &id, DomainName: new(bucketName(d.stack, env, region, "derived") + ".s3." + region + ".amazonaws.com"),
			S3OriginConfig: &cf.CfnDistribution_S3OriginConfigProperty{OriginAccessIdentity: new("")}, OriginAccessControlId: access.AttrId(),
			OriginShield: s.shield(), ConnectionAttempts: new(2.0), ConnectionTimeout: new(3.0),
		})
	}
	service := func(id, arn string) {
		vpc := cf.NewCfnVpcOrigin(e.stack, new("Vpc"+id), &cf.CfnVpcOriginProps{VpcOriginEndpointConfig: &cf.CfnVpcOrigin_VpcOriginEndpointConfigProperty{
			Arn: &arn, Name: new(s.Name() + "-" + id), OriginProtocolPolicy: new("https-only"), OriginSslProtocols: texts("TLSv1.2"),
		}})
		origins = append(origins, &cf.CfnDistribution_OriginProperty{
			Id: &id, DomainName: new(s.originHost()), OriginShield: s.shield(), ConnectionAttempts: new(2.0), ConnectionTimeout: new(3.0),
			// An origin whose store is silent says so after five seconds.
			VpcOriginConfig: &cf.CfnDistribution_VpcOriginConfigProperty{VpcOriginId: vpc.AttrId(), OriginKeepaliveTimeout: new(keepAlive), OriginReadTimeout: new(10.0)},
		})
	}
	bucket(bucketOrigin, s.Env, s.Region)
	service(serviceOrigin, *o.balancer.LoadBalancerArn())
	if s.bucketStandby() {
		bucket(bucketOrigin+standbySuffix, s.Standby.Env, s.Standby.Region)
		groups = append(groups, failover(bucketOrigin, slices.Concat(missingCodes, failoverCodes)))
	}
	if s.serviceStandby() {
		service(serviceOrigin+standbySuffix, s.Standby.LoadBalancer)
		groups = append(groups, failover(serviceOrigin, failoverCodes))
	}
	return origins, groups
}

// shield is one cache before all origins, so that a file is read once for the world.
func (s *site) shield() *cf.CfnDistribution_OriginShieldProperty {
	return &cf.CfnDistribution_OriginShieldProperty{Enabled: true, OriginShieldRegion: &s.Region}
}

// failoverCodes say that an origin can't answer, or was not reached.
var failoverCodes = []int{500, 502, 503, 504}

// missingCodes are what a bucket says of a file that it has not: to who may not list it, 403. What
// was made while the standby stood in is in the standby's bucket only.
var missingCodes = []int{403, 404}

// failover asks the standby when an origin can't be reached or answers by one of the codes.
func failover(name string, statuses []int) any {
	var codes []any
	for _, c := range statuses {
		codes = append(codes, float64(c))
	}
	member := func(id string) any { return &cf.CfnDistribution_OriginGroupMemberProperty{OriginId: &id} }
	return &cf.CfnDistribution_OriginGroupProperty{
		Id:               new(name + eitherSuffix),
		FailoverCriteria: &cf.CfnDistribution_OriginGroupFailoverCriteriaProperty{StatusCodes: &cf.CfnDistribution_StatusCodesProperty{Quantity: new(float64(len(codes))), Items: &codes}},
		Members:          &cf.CfnDistribution_OriginGroupMembersProperty{Quantity: new(2.0), Items: []any{member(name), member(name + standbySuffix)}},
	}
}

// title is a name as CloudFront's policies have it.
func (s *site) title(what string) *string {
	return new(strings.ReplaceAll(s.Name(), "-", "_") + "_" + what)
}
