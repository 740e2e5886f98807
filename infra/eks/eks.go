// Package eks renders Plinth's containers for Kubernetes: an example for those who have a
// cluster, from the same configuration and with the same flags as on ECS. Queues, buckets,
// catalog and edge are those of the stacks; KEDA scales workers by the lanes' backlog.
package eks

import (
	"fmt"
	"strings"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/infra/names"
	"github.com/plinth3d/plinth/infra/role"
)

const namespace = "plinth"

// object is a thing of Kubernetes, or a part of one.
type object = map[string]any

// manifests are what an installation in an account consists of, in the order to apply it.
func manifests(c *config.Config, account string) []object {
	w := role.Where{
		Derived: fmt.Sprintf("plinth-%s-derived-%s-%s", c.Env, account, c.Region),
		Raw:     fmt.Sprintf("plinth-%s-raw-%s-%s", c.Env, account, c.Region),
	}
	image := fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com/%s:%s", account, c.Region, c.Image.Repository, c.Image.Tag)
	worker := pod{name: "worker", image: image, args: role.Worker(c, w), cpu: c.Fleet.CPU, memory: c.Fleet.MemoryMiB, disk: c.Fleet.ScratchGiB, env: role.Limit(c.Fleet.MemoryMiB), spot: true}
	origin := pod{name: "origin", image: image, args: role.Origin(c, w), cpu: c.Origin.CPU, memory: c.Origin.MemoryMiB, disk: c.Origin.DiskGiB + 5, serves: true}
	least := c.Origin.PerZone * len(c.Zones)
	return []object{
		{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": namespace, "labels": object{"pod-security.kubernetes.io/enforce": "restricted"}}},
		identity(c, "worker", account), identity(c, "origin", account),
		worker.deployment(c), origin.deployment(c),
		{"apiVersion": "v1", "kind": "Service", "metadata": meta("origin"), "spec": object{
			"selector": labels("origin"), "ports": []any{object{"name": "http", "port": 80, "targetPort": "http"}},
		}},
		budget("worker", object{"maxUnavailable": "25%"}), budget("origin", object{"minAvailable": least - 1}),
		{"apiVersion": "keda.sh/v1alpha1", "kind": "TriggerAuthentication", "metadata": meta("aws"), "spec": object{
			"podIdentity": object{"provider": "aws", "identityOwner": "keda"},
		}},
		scaledWorkers(c, account), scaledOrigins(c, least),
		quiet("worker", []any{object{"ports": []any{object{"port": names.AdminPort}}}}),
		quiet("origin", []any{object{"ports": []any{object{"port": names.OriginPort}, object{"port": names.AdminPort}}}}),
	}
}

func meta(name string) object {
	return object{"name": name, "namespace": namespace, "labels": labels(name)}
}

func labels(name string) object {
	return object{"app.kubernetes.io/name": "plinth", "app.kubernetes.io/component": name}
}

// identity is a service account with a role of IAM, which has the policy of the one on ECS and
// the cluster's identity provider in its trust.
func identity(c *config.Config, name, account string) object {
	m := meta(name)
	m["annotations"] = object{"eks.amazonaws.com/role-arn": fmt.Sprintf("arn:aws:iam::%s:role/%s-%s-eks", account, c.Name(), name)}
	return object{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": m}
}

// scaledWorkers keeps the jobs that wait for each worker at what the configuration says, as
// the scaling policy on ECS does.
func scaledWorkers(c *config.Config, account string) object {
	var triggers []any
	var lanes []string
	for _, l := range names.Lanes {
		lanes = append(lanes, l.Name)
		triggers = append(triggers, object{
			"type": "aws-sqs-queue", "name": l.Name, "authenticationRef": object{"name": "aws"},
			"metadata": object{
				"queueURL":  fmt.Sprintf("https://sqs.%s.amazonaws.com/%s/%s-%s", c.Region, account, c.Name(), l.Name),
				"awsRegion": c.Region, "queueLength": fmt.Sprint(c.Fleet.Backlog), "scaleOnInFlight": "false",
			},
		})
	}
	return object{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": meta("worker"), "spec": object{
		"scaleTargetRef": object{"name": "worker"}, "minReplicaCount": c.Fleet.Min, "maxReplicaCount": c.Fleet.Max,
		"pollingInterval": 15, "cooldownPeriod": names.WorkersIn, "triggers": triggers,
		"advanced": object{
			"scalingModifiers": object{"formula": strings.Join(lanes, " + "), "target": fmt.Sprint(c.Fleet.Backlog), "metricType": "AverageValue"},
			"horizontalPodAutoscalerConfig": object{"behavior": object{
				"scaleUp": object{"stabilizationWindowSeconds": 0}, "scaleDown": object{"stabilizationWindowSeconds": names.WorkersIn},
			}},
		},
	}}
}

// scaledOrigins goes by processors: what an ingress counts differs by ingress.
func scaledOrigins(c *config.Config, least int) object {
	return object{"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta("origin"), "spec": object{
		"scaleTargetRef": object{"apiVersion": "apps/v1", "kind": "Deployment", "name": "origin"}, "minReplicas": least, "maxReplicas": c.Origin.Max,
		"metrics": []any{object{"type": "Resource", "resource": object{"name": "cpu", "target": object{"type": "Utilization", "averageUtilization": 50}}}},
	}}
}

func budget(name string, spec object) object {
	spec["selector"] = object{"matchLabels": labels(name)}
	return object{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta(name), "spec": spec}
}

// quiet lets pods call AWS and names, and be called where they serve.
func quiet(name string, ingress []any) object {
	udp, tcp := object{"port": 53, "protocol": "UDP"}, object{"port": 53, "protocol": "TCP"}
	return object{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta(name), "spec": object{
		"podSelector": object{"matchLabels": labels(name)}, "policyTypes": []any{"Ingress", "Egress"},
		"ingress": ingress, "egress": []any{object{"ports": []any{udp, tcp, object{"port": 443, "protocol": "TCP"}}}},
	}}
}
