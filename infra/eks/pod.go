package eks

import (
	"fmt"
	"maps"
	"slices"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/infra/names"
	"github.com/plinth3d/plinth/infra/role"
)

// pod is a role of the product in a container.
type pod struct {
	name, image string
	args        []string
	env         map[string]string
	cpu, memory int // units of 1/1024, MiB
	disk        int // GiB
	spot        bool
	serves      bool
}

// deployment is as tight as the task on ECS: read-only but for two volumes, nobody's user, no
// capability, two minutes for SIGTERM.
func (p pod) deployment(c *config.Config) object {
	spec := object{
		"serviceAccountName": p.name, "terminationGracePeriodSeconds": 120, "automountServiceAccountToken": true,
		"securityContext": object{"runAsNonRoot": true, "runAsUser": role.User, "runAsGroup": role.User, "fsGroup": role.User, "seccompProfile": object{"type": "RuntimeDefault"}},
		"nodeSelector":    object{"kubernetes.io/arch": "arm64"},
		"containers":      []any{p.container(c)},
		"volumes": []any{
			object{"name": "tmp", "emptyDir": object{"sizeLimit": "4Gi"}},
			object{"name": "scratch", "emptyDir": object{"sizeLimit": fmt.Sprintf("%dGi", p.disk)}},
		},
		"topologySpreadConstraints": []any{object{
			"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": object{"matchLabels": labels(p.name)},
		}},
	}
	if p.spot {
		spec["tolerations"] = []any{object{"key": "plinth3d/spot", "operator": "Exists"}}
	}
	return object{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(p.name), "spec": object{
		"selector": object{"matchLabels": labels(p.name)},
		"strategy": object{"type": "RollingUpdate", "rollingUpdate": object{"maxUnavailable": 0, "maxSurge": "50%"}},
		"template": object{"metadata": object{"labels": labels(p.name)}, "spec": spec},
	}}
}

func (p pod) container(c *config.Config) object {
	env := maps.Clone(p.env)
	if env == nil {
		env = map[string]string{}
	}
	env["AWS_REGION"], env["TMPDIR"] = c.Region, "/tmp"
	var pairs []any
	for _, name := range slices.Sorted(maps.Keys(env)) {
		pairs = append(pairs, object{"name": name, "value": env[name]})
	}
	size := object{"cpu": fmt.Sprintf("%dm", p.cpu*1000/1024), "memory": fmt.Sprintf("%dMi", p.memory)}
	o := object{
		"name": "plinth", "image": p.image, "args": p.args, "env": pairs,
		"resources":       object{"requests": size, "limits": object{"memory": size["memory"]}},
		"securityContext": object{"readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false, "capabilities": object{"drop": []any{"ALL"}}},
		"volumeMounts":    []any{object{"name": "tmp", "mountPath": "/tmp"}, object{"name": "scratch", "mountPath": role.Scratch}},
	}
	ports := []any{object{"name": "admin", "containerPort": names.AdminPort}}
	if p.serves {
		ports = append(ports, object{"name": "http", "containerPort": names.OriginPort})
	}
	o["ports"], o["readinessProbe"], o["livenessProbe"] = ports, probe("/readyz", 5), probe("/healthz", 15)
	return o
}

func probe(path string, every int) object {
	return object{"httpGet": object{"path": path, "port": "admin"}, "periodSeconds": every, "timeoutSeconds": 2, "failureThreshold": 2}
}
