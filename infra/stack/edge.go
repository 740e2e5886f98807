package stack

import (
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	cf "github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsshield"

	"github.com/plinth3d/plinth/infra/names"
	product "github.com/plinth3d/plinth/origin/edge"
)

// edge is CloudFront. Files that never change come from the bucket, and from the standby's
// when that fails; all else comes from the origin, and from the standby's.
type edge struct {
	stack        awscdk.Stack
	distribution cf.CfnDistribution
	firewall     *string // ARN
	firewallName string
}

//go:embed function/rendition.js
var renditionSource string

// renditionFunction is the function at /o/, for a service in one place or in two.
func renditionFunction(standby bool) string {
	service := []string{serviceOrigin}
	if standby {
		service = append(service, serviceOrigin+standbySuffix)
	}
	return strings.NewReplacer("{{origins}}", literal(service), "{{codes}}", literal(failoverCodes)).Replace(renditionSource)
}

// literal is a list as JavaScript writes it.
func literal(list any) string {
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // names and numbers
	}
	return string(text)
}

// Names of origins within the distribution.
const (
	bucketOrigin    = "bucket"
	serviceOrigin   = "service"
	standbySuffix   = "-standby"
	eitherSuffix    = "-either"
	keepAlive       = 45.0 // seconds, less than the balancer's idle timeout
	functionRuntime = "cloudfront-js-2.0"
)

// cdnHost is what shoppers' pages call.
func (s *site) cdnHost() string { return "cdn." + s.Domain.Name }

func (s *site) edge(d *data, o *origin) *edge {
	st := s.stack("edge", "CloudFront and its firewall")
	e := &edge{stack: st}
	certificate := awscertificatemanager.NewCertificate(st, new("Certificate"), &awscertificatemanager.CertificateProps{
		DomainName: new(s.cdnHost()), Validation: awscertificatemanager.CertificateValidation_FromDns(s.zone(st)),
	})
	s.firewall(e)
	origins, groups := s.origins(e, d, o)
	e.distribution = cf.NewCfnDistribution(st, new("Distribution"), &cf.CfnDistributionProps{
		DistributionConfig: &cf.CfnDistribution_DistributionConfigProperty{
			Enabled: true, Comment: new("Plinth " + s.Env), Aliases: texts(s.cdnHost()), HttpVersion: new("http2and3"), Ipv6Enabled: true,
			PriceClass: &s.Edge.PriceClass, WebAclId: e.firewall,
			ViewerCertificate: &cf.CfnDistribution_ViewerCertificateProperty{
				AcmCertificateArn: certificate.CertificateArn(), SslSupportMethod: new("sni-only"), MinimumProtocolVersion: new("TLSv1.2_2021"),
			},
			Restrictions:         &cf.CfnDistribution_RestrictionsProperty{GeoRestriction: &cf.CfnDistribution_GeoRestrictionProperty{RestrictionType: new("none")}},
			Origins:              origins,
			OriginGroups:         &cf.CfnDistribution_OriginGroupsProperty{Quantity: new(float64(len(groups))), Items: groups},
			DefaultCacheBehavior: s.products(e),
			CacheBehaviors:       s.files(e),
		},
	})
	accept(e.distribution, "AwsSolutions-CFR1", "Shoppers are everywhere; a merchant's market is the merchant's to say.")
	accept(e.distribution, "AwsSolutions-CFR3", "Access logs go to the bucket of logs by a delivery of CloudWatch (standard logging v2), which needs no ACL on the bucket; cdk-nag looks for the older kind.")
	cf.NewCfnMonitoringSubscription(st, new("Monitoring"), &cf.CfnMonitoringSubscriptionProps{
		DistributionId: e.distribution.Ref(),
		MonitoringSubscription: &cf.CfnMonitoringSubscription_MonitoringSubscriptionProperty{
			RealtimeMetricsSubscriptionConfig: &cf.CfnMonitoringSubscription_RealtimeMetricsSubscriptionConfigProperty{RealtimeMetricsSubscriptionStatus: new("Enabled")},
		},
	})
	s.deliverLogs(e, d)
	if s.Edge.ShieldAdvanced {
		awsshield.NewCfnProtection(st, new("Shield"), &awsshield.CfnProtectionProps{Name: new(s.Name()), ResourceArn: new(e.arn())})
	}
	return e
}

// arn is the distribution's.
func (e *edge) arn() string {
	return "arn:aws:cloudfront::" + *e.stack.Account() + ":distribution/" + *e.distribution.Ref()
}

// either is the name of what has a standby: a group, or the origin alone.
func (s *site) either(name string, standby bool) *string {
	if standby {
		return new(name + eitherSuffix)
	}
	return &name
}

func (s *site) bucketStandby() bool  { return s.Standby != nil }
func (s *site) serviceStandby() bool { return s.Standby != nil && s.Standby.LoadBalancer != "" }

// products is the behaviour for all that the origin answers: it is asked once for each class
// of devices, which the product's own function finds.
func (s *site) products(e *edge) *cf.CfnDistribution_DefaultCacheBehaviorProperty {
	class := cf.NewCfnFunction(e.stack, new("ClassFunction"), &cf.CfnFunctionProps{
		Name: new(s.Name() + "-class"), AutoPublish: true, FunctionCode: new(product.Function()),
		FunctionConfig: &cf.CfnFunction_FunctionConfigProperty{Comment: new("Reduces a request's device to a class"), Runtime: new(functionRuntime)},
	})
	return &cf.CfnDistribution_DefaultCacheBehaviorProperty{
		TargetOriginId: s.either(serviceOrigin, s.serviceStandby()), ViewerProtocolPolicy: new("redirect-to-https"),
		AllowedMethods: texts("GET", "HEAD", "OPTIONS"), CachedMethods: texts("GET", "HEAD"), Compress: true,
		CachePolicyId: s.productCache(e), OriginRequestPolicyId: s.deviceRequest(e), ResponseHeadersPolicyId: s.productHeaders(e),
		FunctionAssociations: atRequest(class),
	}
}

// files are the behaviours for what never changes, and for sources.
func (s *site) files(e *edge) []any {
	signed := cf.NewCfnKeyValueStore(e.stack, new("SignedMerchants"), &cf.CfnKeyValueStoreProps{
		Name: new(s.Name() + "-signed"), Comment: new("Merchants whose URLs are signed, as keys; the value is of no interest"),
	})
	rendition := cf.NewCfnFunction(e.stack, new("RenditionFunction"), &cf.CfnFunctionProps{
		Name: new(s.Name() + "-rendition"), AutoPublish: true, FunctionCode: new(renditionFunction(s.serviceStandby())),
		FunctionConfig: &cf.CfnFunction_FunctionConfigProperty{
			Comment: new("Finds a file's key in the bucket"), Runtime: new(functionRuntime),
			KeyValueStoreAssociations: []any{&cf.CfnFunction_KeyValueStoreAssociationProperty{KeyValueStoreArn: signed.AttrArn()}},
		},
	})
	cache, headers := s.fileCache(e), s.fileHeaders(e)
	all := []any{&cf.CfnDistribution_CacheBehaviorProperty{
		PathPattern: new("/o/*"), TargetOriginId: s.either(bucketOrigin, s.bucketStandby()), ViewerProtocolPolicy: new("redirect-to-https"),
		AllowedMethods: texts("GET", "HEAD", "OPTIONS"), CachedMethods: texts("GET", "HEAD"), Compress: false,
		CachePolicyId: cache, ResponseHeadersPolicyId: headers, FunctionAssociations: atRequest(rendition),
	}}
	if s.Edge.SigningKey != "" {
		all = append(all, &cf.CfnDistribution_CacheBehaviorProperty{
			PathPattern: new("/" + names.Source + "*"), TargetOriginId: s.either(bucketOrigin, s.bucketStandby()), ViewerProtocolPolicy: new("https-only"),
			AllowedMethods: texts("GET", "HEAD"), CachedMethods: texts("GET", "HEAD"), Compress: false,
			CachePolicyId: cache, ResponseHeadersPolicyId: headers, TrustedKeyGroups: &[]*string{s.signers(e)},
		})
	}
	return all
}

// signers are who signs URLs of sources.
func (s *site) signers(e *edge) *string {
	key := cf.NewCfnPublicKey(e.stack, new("SigningKey"), &cf.CfnPublicKeyProps{PublicKeyConfig: &cf.CfnPublicKey_PublicKeyConfigProperty{
		Name: new(s.Name()), CallerReference: new(s.Name()), EncodedKey: &s.Edge.SigningKey, Comment: new("Signs URLs of sources"),
	}})
	return cf.NewCfnKeyGroup(e.stack, new("Signers"), &cf.CfnKeyGroupProps{KeyGroupConfig: &cf.CfnKeyGroup_KeyGroupConfigProperty{
		Name: new(s.Name()), Items: &[]*string{key.Ref()},
	}}).Ref()
}

func atRequest(f cf.CfnFunction) []any {
	return []any{&cf.CfnDistribution_FunctionAssociationProperty{EventType: new("viewer-request"), FunctionArn: f.AttrFunctionMetadataFunctionArn()}}
}
