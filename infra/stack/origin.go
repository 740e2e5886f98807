package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"

	"github.com/plinth3d/plinth/infra/names"
	"github.com/plinth3d/plinth/infra/role"
)

// origin is the service behind the edge. Its balancer has no address on the internet:
// CloudFront reaches it as a VPC origin.
type origin struct {
	stack    awscdk.Stack
	balancer elb.ApplicationLoadBalancer
	targets  elb.ApplicationTargetGroup
	service  awsecs.FargateService
	zone     awsroute53.IHostedZone
}

// originHost is the name on the balancer's certificate. Each region has one of the same.
func (s *site) originHost() string { return "origin." + s.Domain.Name }

func (s *site) origin(n *network, d *data, f *fleet) *origin {
	st := s.stack("origin", "the service behind the edge")
	o := &origin{stack: st, zone: s.zone(st)}
	def := s.container(st, s.originTask(d))
	def.DefaultContainer().AddPortMappings(&awsecs.PortMapping{ContainerPort: new(float64(names.OriginPort))}, &awsecs.PortMapping{ContainerPort: new(float64(names.AdminPort))})
	o.service = awsecs.NewFargateService(st, new("Origins"), &awsecs.FargateServiceProps{
		ServiceName: new(s.Name() + "-origin"), Cluster: f.cluster, TaskDefinition: def,
		VpcSubnets: n.tasks, SecurityGroups: &[]awsec2.ISecurityGroup{n.origins}, AssignPublicIp: new(false),
		// What shoppers wait for is on demand; Spot carries peaks only.
		CapacityProviderStrategies: &[]*awsecs.CapacityProviderStrategy{
			{CapacityProvider: new("FARGATE"), Base: new(float64(s.Origin.PerZone * len(s.Zones))), Weight: new(1.0)},
			{CapacityProvider: new("FARGATE_SPOT"), Weight: new(1.0)},
		},
		MinHealthyPercent: new(100.0), MaxHealthyPercent: new(200.0), HealthCheckGracePeriod: seconds(30),
		CircuitBreaker:              &awsecs.DeploymentCircuitBreaker{Enable: new(true), Rollback: new(true)},
		AvailabilityZoneRebalancing: awsecs.AvailabilityZoneRebalancing_ENABLED,
		EnableECSManagedTags:        new(true), PropagateTags: awsecs.PropagatedTagSource_SERVICE,
	})
	s.balance(o, n, d)
	s.scaleOrigins(o, f)
	awscdk.NewCfnOutput(st, new("LoadBalancer"), &awscdk.CfnOutputProps{Value: o.balancer.LoadBalancerArn(), Description: new("For standby.loadBalancer of the primary's configuration")})
	return o
}

func (s *site) originTask(d *data) task {
	o := &s.Origin
	return task{
		id: "origin", probed: true, command: role.Origin(s.Config, d.where()), cpu: o.CPU, memory: o.MemoryMiB, disk: max(o.DiskGiB+5, 21), grants: s.originGrants(d),
		why: "An origin reads objects whose names are hashes, below one prefix.",
	}
}

// balance puts a balancer before the service. What it asks of tasks goes to their other
// port, which no shopper reaches.
func (s *site) balance(o *origin, n *network, d *data) {
	o.balancer = elb.NewApplicationLoadBalancer(o.stack, new("Balancer"), &elb.ApplicationLoadBalancerProps{
		LoadBalancerName: new(s.Name() + "-origin"), Vpc: n.vpc, VpcSubnets: n.tasks, SecurityGroup: n.balancer, InternetFacing: new(false),
		DeletionProtection: new(true), DropInvalidHeaderFields: new(true), DesyncMitigationMode: elb.DesyncMitigationMode_STRICTEST,
		// Longer than CloudFront keeps its connections, and the origin longer yet.
		IdleTimeout: seconds(50),
	})
	o.balancer.LogAccessLogs(d.logs, new("alb"))
	o.targets = elb.NewApplicationTargetGroup(o.stack, new("Targets"), &elb.ApplicationTargetGroupProps{
		TargetGroupName: new(s.Name() + "-origin"), Vpc: n.vpc, TargetType: elb.TargetType_IP, Port: new(float64(names.OriginPort)), Protocol: elb.ApplicationProtocol_HTTP,
		// Between SIGTERM and its end an origin finishes what is at hand, nine seconds at most.
		DeregistrationDelay:        seconds(15),
		LoadBalancingAlgorithmType: elb.TargetGroupLoadBalancingAlgorithmType_LEAST_OUTSTANDING_REQUESTS,
		HealthCheck: &elb.HealthCheck{
			Path: new("/readyz"), Port: new(number(names.AdminPort)), HealthyHttpCodes: new("200"),
			Interval: seconds(5), Timeout: seconds(2), HealthyThresholdCount: new(2.0), UnhealthyThresholdCount: new(2.0),
		},
	})
	o.service.AttachToApplicationTargetGroup(o.targets)
	certificate := awscertificatemanager.NewCertificate(o.stack, new("Certificate"), &awscertificatemanager.CertificateProps{
		DomainName: new(s.originHost()), Validation: awscertificatemanager.CertificateValidation_FromDns(o.zone),
	})
	listener := o.balancer.AddListener(new("Https"), &elb.BaseApplicationListenerProps{
		Port: new(443.0), Protocol: elb.ApplicationProtocol_HTTPS, Open: new(false), SslPolicy: elb.SslPolicy_TLS13_RES,
		Certificates: &[]elb.IListenerCertificate{certificate}, DefaultTargetGroups: &[]elb.IApplicationTargetGroup{o.targets},
	})
	s.showHealth(o, n, listener)
}

// showHealth lets a checker outside ask whether an origin answers, by way of the edge: of
// all that is at the other port this one page.
func (s *site) showHealth(o *origin, n *network, listener elb.ApplicationListener) {
	health := elb.NewApplicationTargetGroup(o.stack, new("Health"), &elb.ApplicationTargetGroupProps{
		TargetGroupName: new(s.Name() + "-health"), Vpc: n.vpc, TargetType: elb.TargetType_IP, Port: new(float64(names.AdminPort)), Protocol: elb.ApplicationProtocol_HTTP,
		DeregistrationDelay: seconds(0),
		HealthCheck:         &elb.HealthCheck{Path: new(healthPath), HealthyHttpCodes: new("200"), Interval: seconds(15), Timeout: seconds(2), HealthyThresholdCount: new(2.0), UnhealthyThresholdCount: new(2.0)},
	})
	health.AddTarget(o.service.LoadBalancerTarget(&awsecs.LoadBalancerTargetOptions{ContainerName: new("plinth"), ContainerPort: new(float64(names.AdminPort))}))
	listener.AddAction(new("Health"), &elb.AddApplicationActionProps{
		Priority: new(1.0), Conditions: &[]elb.ListenerCondition{elb.ListenerCondition_PathPatterns(texts(healthPath))},
		Action: elb.ListenerAction_Forward(&[]elb.IApplicationTargetGroup{health}, nil),
	})
}

// healthPath is a page that says whether a process answers.
const healthPath = "/healthz"

// scaleOrigins keeps the requests that a task gets each minute at what the configuration
// says; a task that fails is missed by the others at once.
func (s *site) scaleOrigins(o *origin, f *fleet) {
	f.track(o.stack, target{o.service, "Origins", s.Origin.PerZone * len(s.Zones), s.Origin.Max, names.OriginsOut, names.OriginsIn}, float64(s.Origin.Requests), []any{
		measure("requests", "AWS/ApplicationELB", "RequestCount", "Sum", "LoadBalancer", *o.balancer.LoadBalancerFullName()),
		measure("running", "ECS/ContainerInsights", "RunningTaskCount", "Average", "ClusterName", *f.cluster.ClusterName(), "ServiceName", *o.service.ServiceName()),
		formula("each", "FILL(requests,0) / IF(FILL(running,0) > 1, running, 1)"),
	})
}

// zone is the hosted zone of the domain, which was there before.
func (s *site) zone(st awscdk.Stack) awsroute53.IHostedZone {
	return awsroute53.HostedZone_FromHostedZoneAttributes(st, new("Zone"), &awsroute53.HostedZoneAttributes{HostedZoneId: &s.Domain.ZoneID, ZoneName: &s.Domain.Name})
}
