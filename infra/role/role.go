// Package role says how the product is started: the same flags on ECS, on Lambda and on
// Kubernetes.
package role

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/infra/names"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// Where names the buckets.
type Where struct{ Derived, Raw string }

// Scratch is the one folder beside /tmp that a container can write to. The image has both as
// volumes of its user: Fargate makes a volume belong to whom it belongs to there.
const Scratch = "/scratch"

// Slots is how many jobs a worker has at a time: one computes while the other waits for files
// and for its turns. They share the worker's memory, and a large one has it alone.
const Slots = 2

// Probe is how a container is asked whether all is well with it: its image has no other program.
func Probe() []string {
	return []string{"CMD", "/plinth", "probe", fmt.Sprintf("http://127.0.0.1:%d/healthz", names.AdminPort)}
}

// User is who the image runs as: nobody in particular.
const User = 65532

// Worker is the command of who makes levels.
func Worker(c *config.Config, w Where) []string {
	return flags("worker", "store", "s3://"+w.Derived, "catalog", "dynamodb://"+c.Catalog(), "queue", "sqs://"+c.Name(), "lanes", asset.DefaultLanes, "raw", w.raw(),
		"lease", fmt.Sprintf("%ds", names.Visibility), "slots", strconv.Itoa(Slots), "grace", "100s", "data", Scratch,
		"admin", fmt.Sprintf(":%d", names.AdminPort), "metrics", "emf", "log", "json")
}

// Beside is what a worker is told of a larger one with so much memory: the jobs that fit into
// what that takes for them, three quarters, are left to it.
func Beside(memoryMiB int) []string {
	return []string{"--most-memory", fmt.Sprintf("%dMiB", memoryMiB/4*3)}
}

// Limit is the environment of a process with so much memory: a garbage collector that knows
// the limit works harder near it, rather than be killed.
func Limit(memoryMiB int) map[string]string {
	return map[string]string{"GOMEMLIMIT": fmt.Sprintf("%dMiB", memoryMiB*9/10)}
}

// Origin is the command of who serves. Whoever asks is CloudFront, by way of the balancer: to
// tell clients that ask too much is the firewall's.
func Origin(c *config.Config, w Where) []string {
	pairs := []string{
		"store", "s3://" + w.Derived, "catalog", "dynamodb://" + c.Catalog(), "data", Scratch,
		"cache", Scratch + "/cache", "disk", fmt.Sprintf("%dGiB", c.Origin.DiskGiB), "memory", fmt.Sprintf("%dMiB", c.Origin.CacheMiB),
		"listen", fmt.Sprintf(":%d", names.OriginPort), "admin", fmt.Sprintf(":%d", names.AdminPort),
		"miss-rate", "0", "metrics", "emf", "log", "json",
	}
	if c.Origin.Signed {
		pairs = append(pairs, "signing-keys", "s3://"+w.Derived+"/"+names.SigningKeys)
	}
	return flags("origin", pairs...)
}

// Precheck is the command of who looks at uploads on Lambda.
func Precheck(c *config.Config, w Where) []string {
	return flags("lambda", "store", "s3://"+w.Derived, "catalog", "dynamodb://"+c.Catalog(), "queue", "sqs://"+c.Name(),
		"lanes", names.Lanes[0].Name+"=1", "raw", w.raw(), "data", "/tmp", "log", "json")
}

func (w Where) raw() string { return "s3://" + w.Raw + "/" + strings.TrimSuffix(names.Raw, "/") }

// flags puts flags and their values behind a command, in the order given.
func flags(command string, pairs ...string) []string {
	args := []string{command}
	for i := 0; i < len(pairs); i += 2 {
		args = append(args, "--"+pairs[i], pairs[i+1])
	}
	return args
}
