package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"

	"github.com/plinth3d/plinth/infra/names"
)

// network is where everything runs. Nothing in it has a way to the internet: what it needs
// of AWS it reaches by endpoints, which cost less than NAT beyond a few terabytes and, as they
// serve this account only, leave nothing for a hostile file to call.
type network struct {
	stack awscdk.Stack
	vpc   awsec2.Vpc
	tasks *awsec2.SubnetSelection // subnets of containers
	data  *awsec2.SubnetSelection // subnets of the ledger and EFS

	balancer, origins, workers, operators, ledger, scratch awsec2.SecurityGroup
}

type endpoint struct {
	name    string
	service func() awsec2.InterfaceVpcEndpointAwsService
}

// endpoints are the services that containers call.
var endpoints = []endpoint{
	{"EcrApi", awsec2.InterfaceVpcEndpointAwsService_ECR},
	{"EcrDocker", awsec2.InterfaceVpcEndpointAwsService_ECR_DOCKER},
	{"Logs", awsec2.InterfaceVpcEndpointAwsService_CLOUDWATCH_LOGS},
	{"Sqs", awsec2.InterfaceVpcEndpointAwsService_SQS},
}

// machineEndpoints are those that machines of the cluster call, beside.
var machineEndpoints = []endpoint{
	{"Ecs", awsec2.InterfaceVpcEndpointAwsService_ECS},
	{"EcsAgent", awsec2.InterfaceVpcEndpointAwsService_ECS_AGENT},
	{"EcsTelemetry", awsec2.InterfaceVpcEndpointAwsService_ECS_TELEMETRY},
}

func (s *site) network() *network {
	st := s.stack("network", "three zones without a way out, endpoints, who may talk to whom")
	isolated := func(name string) *awsec2.SubnetConfiguration {
		return &awsec2.SubnetConfiguration{Name: &name, SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED}
	}
	logs := s.logs(st, "Flows", "vpc")
	n := &network{
		stack: st,
		vpc: awsec2.NewVpc(st, new("Vpc"), &awsec2.VpcProps{
			IpAddresses:         awsec2.IpAddresses_Cidr(&s.Network.CIDR),
			AvailabilityZones:   texts(s.Zones...),
			NatGateways:         new(0.0),
			SubnetConfiguration: &[]*awsec2.SubnetConfiguration{isolated("tasks"), isolated("data")},
			FlowLogs: &map[string]*awsec2.FlowLogOptions{
				"Flows": {Destination: awsec2.FlowLogDestination_ToCloudWatchLogs(logs, nil), TrafficType: awsec2.FlowLogTrafficType_REJECT},
			},
		}),
		tasks: &awsec2.SubnetSelection{SubnetGroupName: new("tasks")},
		data:  &awsec2.SubnetSelection{SubnetGroupName: new("data")},
	}
	n.gateway()
	n.stores(s.Region)
	services := n.groups(s.Network.EdgePrefixList)
	n.reach(services, endpoints, n.own)
	if s.Fleet.Large != nil {
		n.reach(services, machineEndpoints, nil)
	}
	return n
}

// gateway is what CloudFront asks of a network with an origin in it. No route leads to it.
func (n *network) gateway() {
	gw := awsec2.NewCfnInternetGateway(n.stack, new("Gateway"), nil)
	awsec2.NewCfnVPCGatewayAttachment(n.stack, new("GatewayAttachment"), &awsec2.CfnVPCGatewayAttachmentProps{
		VpcId: n.vpc.VpcId(), InternetGatewayId: gw.AttrInternetGatewayId(),
	})
}

// groups say who may talk to whom. They all stand here, so that one look is enough. It
// returns the one of endpoints.
func (n *network) groups(edge string) (services awsec2.SecurityGroup) {
	group := func(id, what string) awsec2.SecurityGroup {
		return awsec2.NewSecurityGroup(n.stack, &id, &awsec2.SecurityGroupProps{Vpc: n.vpc, Description: &what, AllowAllOutbound: new(false)})
	}
	n.balancer = group("Balancer", "The balancer of origins, which CloudFront calls")
	n.origins = group("Origins", "Origins")
	n.workers = group("Workers", "Workers")
	n.operators = group("Operators", "Tasks that operators start")
	n.ledger = group("Ledger", "The database of the ledger")
	n.scratch = group("Scratch", "Scratch of workers on EFS")
	services = group("Services", "Endpoints of AWS services")

	n.balancer.AddIngressRule(awsec2.Peer_PrefixList(&edge), awsec2.Port_Tcp(new(443.0)), new("CloudFront"), nil)
	allow(n.balancer, n.origins, names.OriginPort, "requests")
	allow(n.balancer, n.origins, names.AdminPort, "health checks")
	for _, g := range []awsec2.SecurityGroup{n.origins, n.workers, n.operators} {
		allow(g, services, 443, "AWS")
		// Of gateway endpoints only a prefix list is known, which differs by region and account.
		g.AddEgressRule(awsec2.Peer_AnyIpv4(), awsec2.Port_Tcp(new(443.0)), new("S3 and DynamoDB by gateway endpoints, there is no other way out"), nil)
	}
	allow(n.operators, n.ledger, 5432, "PostgreSQL")
	allow(n.workers, n.scratch, 2049, "NFS")
	return services
}

// stores are the endpoints of S3 and DynamoDB, which are routes and cost nothing.
func (n *network) stores(region string) {
	s3 := n.vpc.AddGatewayEndpoint(new("S3"), &awsec2.GatewayVpcEndpointOptions{Service: awsec2.GatewayVpcEndpointAwsService_S3()})
	s3.AddToPolicy(n.own())
	s3.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{ // ECR's own, where layers of images are
		Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()}, Actions: texts("s3:GetObject"), Resources: texts("arn:aws:s3:::prod-" + region + "-starport-layer-bucket/*"),
	}))
	n.vpc.AddGatewayEndpoint(new("DynamoDb"), &awsec2.GatewayVpcEndpointOptions{Service: awsec2.GatewayVpcEndpointAwsService_DYNAMODB()}).AddToPolicy(n.own())
}

// own lets roles of this account through an endpoint. Whose credentials came with a file is from
// elsewhere, and what roles may do is in their policies.
func (n *network) own() awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()}, Actions: texts("*"), Resources: texts("*"),
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:PrincipalAccount": n.stack.Account()}},
	})
}

// reach makes endpoints in all zones, with a policy where they take one.
func (n *network) reach(group awsec2.SecurityGroup, all []endpoint, policy func() awsiam.PolicyStatement) {
	for _, e := range all {
		made := n.vpc.AddInterfaceEndpoint(new(e.name), &awsec2.InterfaceVpcEndpointOptions{
			Service: e.service(), Subnets: n.tasks, Open: new(false), SecurityGroups: &[]awsec2.ISecurityGroup{group},
		})
		if policy != nil {
			made.AddToPolicy(policy())
		}
	}
}

// allow lets one group call another.
func allow(from, to awsec2.SecurityGroup, port int, what string) {
	p := awsec2.Port_Tcp(new(float64(port)))
	from.AddEgressRule(to, p, &what, nil)
	to.AddIngressRule(from, p, &what, nil)
}

// service is a principal of AWS itself.
func service(name string) awsiam.ServicePrincipal {
	return awsiam.NewServicePrincipal(new(name+".amazonaws.com"), nil)
}

// subnetIDs are the IDs of subnets, as what CDK has no class for takes them.
func subnetIDs(n *network, which *awsec2.SubnetSelection) *[]any {
	var ids []any
	for _, id := range *n.vpc.SelectSubnets(which).SubnetIds {
		ids = append(ids, id)
	}
	return &ids
}
