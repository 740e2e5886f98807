package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
)

// edgeZone is the hosted zone of all distributions.
const edgeZone = "Z2FDTNDATAQYW2"

// dns gives shoppers the edge's name, and each region's balancer a share of the origin's: a
// caller gets the nearest one that has healthy origins. The edge does not go by that name,
// since it knows both; tasks and peered networks do.
func (s *site) dns(o *origin, e *edge, alarms awscdk.Stack) {
	st := s.stack("dns", "names and health checks")
	// Route 53 takes over what an alarm looks at when a health check is made of it.
	st.AddStackDependency(alarms, new("a health check goes by an alarm"))
	healthy := awsroute53.NewCfnHealthCheck(st, new("OriginHealth"), &awsroute53.CfnHealthCheckProps{
		HealthCheckConfig: &awsroute53.CfnHealthCheck_HealthCheckConfigProperty{
			// No checker reaches the balancer, but its alarm knows.
			Type:                         new("CLOUDWATCH_METRIC"),
			AlarmIdentifier:              &awsroute53.CfnHealthCheck_AlarmIdentifierProperty{Name: new(s.alarmName(originsHealthy)), Region: &s.Region},
			InsufficientDataHealthStatus: new("LastKnownStatus"),
		},
	})
	s.record(st, "Origin", s.originHost(), "A", &awsroute53.CfnRecordSet_AliasTargetProperty{
		DnsName: o.balancer.LoadBalancerDnsName(), HostedZoneId: o.balancer.LoadBalancerCanonicalHostedZoneId(), EvaluateTargetHealth: true,
	}, func(p *awsroute53.CfnRecordSetProps) {
		p.Region, p.SetIdentifier, p.HealthCheckId = &s.Region, new(s.Name()), healthy.AttrHealthCheckId()
	})
	if e == nil {
		return
	}
	for _, kind := range []string{"A", "AAAA", "HTTPS"} {
		s.record(st, "Edge"+kind, s.cdnHost(), kind, &awsroute53.CfnRecordSet_AliasTargetProperty{
			DnsName: e.distribution.AttrDomainName(), HostedZoneId: new(edgeZone), EvaluateTargetHealth: false,
		}, func(*awsroute53.CfnRecordSetProps) {})
	}
}

// outside asks the edge from outside, by its name.
func (s *site) outside(st awscdk.Stack) awsroute53.CfnHealthCheck {
	return awsroute53.NewCfnHealthCheck(st, new("EdgeHealth"), &awsroute53.CfnHealthCheckProps{
		HealthCheckConfig: &awsroute53.CfnHealthCheck_HealthCheckConfigProperty{
			Type: new("HTTPS"), FullyQualifiedDomainName: new(s.cdnHost()), Port: new(443.0), ResourcePath: new(healthPath),
			EnableSni: true, RequestInterval: new(30.0), FailureThreshold: new(3.0), MeasureLatency: true,
		},
	})
}

func (s *site) record(st awscdk.Stack, id, name, kind string, to *awsroute53.CfnRecordSet_AliasTargetProperty, more func(*awsroute53.CfnRecordSetProps)) {
	p := &awsroute53.CfnRecordSetProps{HostedZoneId: &s.Domain.ZoneID, Name: new(name + "."), Type: &kind, AliasTarget: to}
	more(p)
	awsroute53.NewCfnRecordSet(st, &id, p)
}
