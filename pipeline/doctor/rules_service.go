package doctor

import (
	"fmt"
	"slices"
	"strings"
)

var services = []string{"AWS::ECS::Service"}

var serviceRules = []Rule{
	{
		ID: "service-zones", Pillar: Availability, Severity: Error, types: services,
		Title: "a service is in one availability zone", Do: "give it subnets in two zones or more", check: serviceZones,
	},
	{
		ID: "service-tasks", Pillar: Availability, Severity: Error, types: services,
		Title: "a service that answers requests may be a single task", Do: "run two tasks at least, by DesiredCount and MinCapacity", check: serviceTasks,
	},
	{
		ID: "service-rollback", Pillar: Availability, Severity: Warning, types: services,
		Title: "a release that doesn't start is tried forever", Do: "set DeploymentCircuitBreaker with Enable and Rollback", check: serviceRollback,
	},
	{
		ID: "service-public-ip", Pillar: Security, Severity: Error, types: services,
		Title: "tasks have public addresses", Do: "set AssignPublicIp to DISABLED",
		check: func(_ *Estate, r *Resource) string {
			public := r.at("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp").text() == "ENABLED"
			return unless(!public, "AssignPublicIp is ENABLED")
		},
	},
	{
		ID: "service-spot", Pillar: Cost, Severity: Warning, types: services,
		Title: "jobs that can wait run at full price", Do: "add FARGATE_SPOT to CapacityProviderStrategy: a job that is cut off is done again", check: serviceSpot,
	},
}

func serviceZones(_ *Estate, r *Resource) string {
	places := map[string]bool{}
	for _, s := range r.at("NetworkConfiguration", "AwsvpcConfiguration", "Subnets").each() {
		place := s.same()
		if subnet := s.to("AWS::EC2::Subnet"); subnet != nil {
			place = subnet.at("AvailabilityZone").same()
		}
		places[place] = true
	}
	return unless(len(places) >= 2, fmt.Sprintf("its subnets are in %d zones", len(places)))
}

func serviceTasks(e *Estate, r *Resource) string {
	if len(r.at("LoadBalancers").each()) == 0 {
		return "" // a queue waits; shoppers don't
	}
	least := r.at("DesiredCount").number(1)
	for _, t := range e.of("AWS::ApplicationAutoScaling::ScalableTarget") {
		if linked(t.at("ResourceId"), r) {
			least = t.at("MinCapacity").number(least)
		}
	}
	return unless(least >= 2, fmt.Sprintf("%g tasks at least", least))
}

func serviceRollback(_ *Estate, r *Resource) string {
	if c := r.at("DeploymentController", "Type").text(); c != "" && c != "ECS" {
		return "" // somebody else deploys it
	}
	b := r.at("DeploymentConfiguration", "DeploymentCircuitBreaker")
	return unless(b.at("Enable").yes() && b.at("Rollback").yes(), "the deployment circuit breaker, or its rollback, is off")
}

func serviceSpot(e *Estate, r *Resource) string {
	task := r.at("TaskDefinition").to(tasks...)
	if task == nil || !slices.ContainsFunc(containers(task), waits) {
		return ""
	}
	strategy := r.at("CapacityProviderStrategy")
	if !strategy.there() && !r.at("LaunchType").there() {
		strategy = clusterStrategy(e, r.at("Cluster"))
	}
	for _, p := range strategy.each() {
		if name := p.at("CapacityProvider"); name.text() != "FARGATE" { // Spot, or machines of our own
			return ""
		}
	}
	return "no task of it may run on Spot"
}

// waits tells if a container is a worker of a lane that nobody waits at.
func waits(container value) bool {
	lanes := setting(container, "lanes")
	return roleOf(container) == "worker" && (lanes == "" || strings.Contains(lanes, "bulk") || strings.Contains(lanes, "backfill"))
}

// clusterStrategy is what services of a cluster do that have no strategy of their own.
func clusterStrategy(e *Estate, cluster value) value {
	c := cluster.to("AWS::ECS::Cluster")
	if c == nil {
		return value{}
	}
	for _, a := range e.of("AWS::ECS::ClusterCapacityProviderAssociations") {
		if linked(a.at("Cluster"), c) {
			return a.at("DefaultCapacityProviderStrategy")
		}
	}
	return c.at("DefaultCapacityProviderStrategy")
}
