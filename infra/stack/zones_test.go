package stack

import (
	"fmt"
	"slices"
	"testing"
)

func TestNothingIsInOneZone(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		zones := map[string]string{}
		for _, s := range m.of(t, "EC2::Subnet") {
			zones[s.stack+"/"+s.id] = fmt.Sprint(s.at("AvailabilityZone"))
			if s.at("MapPublicIpOnLaunch") == true {
				t.Errorf("%s gives public addresses", s)
			}
		}
		in := func(r resource, subnets any) {
			t.Helper()
			var all []string
			for _, s := range list(subnets) {
				if z := zones[m.name(r.stack, s)]; z != "" && !slices.Contains(all, z) {
					all = append(all, z)
				}
			}
			if len(all) != len(m.config.Zones) {
				t.Errorf("%s is in %q", r, all)
			}
		}
		for _, s := range m.of(t, "ECS::Service") {
			in(s, s.at("NetworkConfiguration", "AwsvpcConfiguration", "Subnets"))
			if s.at("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp") != "DISABLED" {
				t.Errorf("%s has public addresses", s)
			}
		}
		for _, b := range m.of(t, "ElasticLoadBalancingV2::LoadBalancer") {
			in(b, b.at("Subnets"))
			if b.at("Scheme") != "internal" {
				t.Errorf("%s is on the internet", b)
			}
		}
		for _, g := range m.maybe("RDS::DBSubnetGroup") {
			in(g, g.at("SubnetIds"))
		}
		for _, g := range m.maybe("AutoScaling::AutoScalingGroup") {
			in(g, g.at("VPCZoneIdentifier"))
		}
		for _, e := range m.of(t, "EC2::VPCEndpoint") {
			if e.at("VpcEndpointType") == "Interface" {
				in(e, e.at("SubnetIds"))
			}
		}
		var instances []string
		for _, i := range m.maybe("RDS::DBInstance") {
			instances = append(instances, fmt.Sprint(i.at("AvailabilityZone")))
			if i.at("PubliclyAccessible") != false {
				t.Errorf("%s is public", i)
			}
		}
		if m.config.Env == "prod" && len(slices.Compact(slices.Sorted(slices.Values(instances)))) < 2 {
			t.Errorf("the ledger is in %q only", instances)
		}
		if got := m.maybe("EC2::NatGateway"); len(got) > 0 {
			t.Errorf("%s is a way out", got[0])
		}
	})
}

// A mount target for each zone, where scratch is on EFS.
func TestScratchOnEFSIsInAllZones(t *testing.T) {
	m := installation(t, "dev")
	targets := m.of(t, "EFS::MountTarget")
	if got := len(targets); got != len(m.config.Zones) {
		t.Errorf("%d mount targets, want %d", got, len(m.config.Zones))
	}
	for _, s := range m.of(t, "ECS::Service") {
		for _, target := range targets {
			if s.stack == target.stack && !slices.Contains(list(s.raw["DependsOn"]), any(target.id)) {
				t.Errorf("%s may start before %s is there", s, target)
			}
		}
	}
}

// Two of each service at least: while one is replaced, and when a zone fails.
func TestOriginsAreTwoInEachZoneOfProd(t *testing.T) {
	m := installation(t, "prod")
	for _, target := range m.of(t, "ApplicationAutoScaling::ScalableTarget") {
		if target.stack == "plinth-prod-origin" && target.at("MinCapacity") != 6.0 {
			t.Errorf("%s keeps %v origins, want 6", target, target.at("MinCapacity"))
		}
	}
	for _, s := range m.of(t, "ECS::Service") {
		if s.at("AvailabilityZoneRebalancing") != "ENABLED" {
			t.Errorf("%s may gather in one zone", s)
		}
	}
}
