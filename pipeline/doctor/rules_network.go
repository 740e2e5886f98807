package doctor

import (
	"fmt"
	"slices"
	"strings"
)

var balancers = []string{"AWS::ElasticLoadBalancingV2::LoadBalancer"}

var networks = []string{"AWS::EC2::VPC"}

var networkRules = []Rule{
	{
		ID: "balancer-public", Pillar: Security, Severity: Error, types: balancers,
		Title: "a load balancer faces the internet", Do: "set Scheme to internal: the edge reaches it by a VPC origin",
		check: func(_ *Estate, r *Resource) string {
			return unless(r.at("Scheme").text() == "internal", "Scheme is not internal, so that the edge and its firewall can be passed by")
		},
	},
	{
		ID: "balancer-logs", Pillar: Security, Severity: Warning, types: balancers,
		Title: "what a load balancer answers isn't logged", Do: "set the attribute access_logs.s3.enabled",
		check: func(_ *Estate, r *Resource) string {
			return unless(balancerAttribute(r, "access_logs.s3.enabled").yes(), "access_logs.s3.enabled is not true")
		},
	},
	{
		ID: "balancer-deletion", Pillar: Availability, Severity: Warning, types: balancers,
		Title: "a load balancer can be deleted by a slip", Do: "set the attribute deletion_protection.enabled",
		check: func(_ *Estate, r *Resource) string {
			return unless(balancerAttribute(r, "deletion_protection.enabled").yes(), "deletion_protection.enabled is not true")
		},
	},
	{
		ID: "security-group-open", Pillar: Security, Severity: Error, types: []string{"AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"},
		Title: "a security group lets anyone in", Do: "name the group or prefix list that may come in", check: groupOpen,
	},
	{
		ID: "subnet-public", Pillar: Security, Severity: Warning, types: []string{"AWS::EC2::Subnet"},
		Title: "what starts in a subnet has a public address", Do: "set MapPublicIpOnLaunch to false",
		check: func(_ *Estate, r *Resource) string {
			return unless(!r.at("MapPublicIpOnLaunch").yes(), "MapPublicIpOnLaunch is true")
		},
	},
	{
		ID: "network-zones", Pillar: Availability, Severity: Error, types: networks,
		Title: "a network is in one availability zone", Do: "add subnets in two more zones",
		check: func(e *Estate, r *Resource) string {
			n := len(zones(inNetwork(e, r, "AWS::EC2::Subnet")))
			return unless(n >= 2, fmt.Sprintf("its subnets are in %d zones", n))
		},
	},
	{
		ID: "network-endpoints", Pillar: Cost, Severity: Warning, types: networks,
		Title: "what S3 and DynamoDB get passes a gateway that is paid by the byte", Do: "add gateway endpoints for s3 and dynamodb; they cost nothing", check: networkEndpoints,
	},
	{
		ID: "network-flow-logs", Pillar: Security, Severity: Note, types: networks,
		Title: "who talks to whom in a network isn't logged", Do: "add AWS::EC2::FlowLog, of rejected traffic at least",
		check: func(e *Estate, r *Resource) string {
			logged := slices.ContainsFunc(e.of("AWS::EC2::FlowLog"), func(l *Resource) bool { return linked(l.at("ResourceId"), r) })
			return unless(logged, "there is no flow log")
		},
	},
	{
		ID: "nat-gateway", Pillar: Cost, Severity: Warning, types: []string{"AWS::EC2::NatGateway"},
		Title: "a NAT gateway stands where endpoints do", Do: "use endpoints for what the product calls, and remove it",
		check: func(*Estate, *Resource) string {
			return "it costs by the hour and the byte, and the product calls nothing but AWS"
		},
	},
}

func balancerAttribute(r *Resource, key string) value {
	for _, a := range r.at("LoadBalancerAttributes").each() {
		if a.at("Key").text() == key {
			return a.at("Value")
		}
	}
	return value{}
}

func groupOpen(_ *Estate, r *Resource) string {
	for _, in := range append(r.at("SecurityGroupIngress").each(), value{r.Properties}) {
		for _, from := range []string{in.at("CidrIp").text(), in.at("CidrIpv6").text()} {
			if from == "0.0.0.0/0" || from == "::/0" {
				return fmt.Sprintf("%s may come in at port %.10s", from, in.at("FromPort").text())
			}
		}
	}
	return ""
}

// inNetwork are resources of a type in a network.
func inNetwork(e *Estate, network *Resource, kind string) (all []*Resource) {
	for _, x := range e.of(kind) {
		if linked(x.at("VpcId"), network) {
			all = append(all, x)
		}
	}
	return all
}

// zones are the availability zones of subnets.
func zones(subnets []*Resource) map[string]bool {
	found := map[string]bool{}
	for _, s := range subnets {
		found[s.at("AvailabilityZone").same()] = true
	}
	return found
}

func networkEndpoints(e *Estate, r *Resource) string {
	var lacks []string
	for _, service := range []string{"s3", "dynamodb"} {
		there := slices.ContainsFunc(inNetwork(e, r, "AWS::EC2::VPCEndpoint"), func(x *Resource) bool {
			kind := x.at("VpcEndpointType").text()
			return strings.HasSuffix(x.at("ServiceName").pattern(), "."+service) && (kind == "" || kind == "Gateway")
		})
		if !there {
			lacks = append(lacks, service)
		}
	}
	return unless(len(lacks) == 0, "no gateway endpoint for "+list(lacks))
}
