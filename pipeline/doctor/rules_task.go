package doctor

import (
	"fmt"
	"regexp"
	"strings"
)

var tasks = []string{"AWS::ECS::TaskDefinition"}

// drainTime is what a worker needs from SIGTERM to its end, in seconds: --grace is 100.
const drainTime = 110

var taskRules = []Rule{
	{
		ID: "task-drain", Pillar: Availability, Severity: Warning, types: tasks,
		Title: "workers are killed before they have drained", Do: "set StopTimeout to 120, the most, for workers", check: taskDrain,
	},
	{
		ID: "task-root", Pillar: Security, Severity: Error, types: tasks,
		Title: "a container runs as root", Do: "set User, to 65532:65532 say", check: taskRoot,
	},
	{
		ID: "task-writable", Pillar: Security, Severity: Warning, types: tasks,
		Title: "a container can change its own program", Do: "set ReadonlyRootFilesystem, and mount a volume for --data",
		check: eachContainer("can write to its root file system", func(c value) bool { return !c.at("ReadonlyRootFilesystem").yes() }),
	},
	{
		ID: "task-privileged", Pillar: Security, Severity: Error, types: tasks,
		Title: "a container has the rights of its machine", Do: "drop Privileged and added capabilities",
		check: eachContainer("is privileged, or has capabilities added", func(c value) bool {
			return c.at("Privileged").yes() || len(c.at("LinuxParameters", "Capabilities", "Add").each()) > 0
		}),
	},
	{
		ID: "task-logs", Pillar: Availability, Severity: Warning, types: tasks,
		Title: "what a container says is lost", Do: "set LogConfiguration",
		check: eachContainer("has no LogConfiguration", func(c value) bool { return !c.at("LogConfiguration").there() }),
	},
	{
		ID: "task-architecture", Pillar: Cost, Severity: Note, types: tasks,
		Title: "tasks run on machines that cost a fifth more", Do: "set RuntimePlatform.CpuArchitecture to ARM64",
		check: func(_ *Estate, r *Resource) string {
			return unless(!serverless(r) || r.at("RuntimePlatform", "CpuArchitecture").text() == "ARM64", "it isn't for ARM64")
		},
	},
	{
		ID: "task-oversized", Pillar: Cost, Severity: Warning, types: tasks,
		Title: "tasks have more memory than the product can use", Do: "take less memory, or give it to --memory of the origin or --slots of workers", check: taskOversized,
	},
	{
		ID: "hard-coded-secret", Pillar: Security, Severity: Error, types: []string{"AWS::ECS::TaskDefinition", "AWS::Lambda::Function"},
		Title: "a secret stands in a template", Do: "keep it in Secrets Manager, name it in Secrets, and change it: this one is known", check: hardCoded,
	},
}

// eachContainer tells of the first container for which bad holds.
func eachContainer(what string, bad func(value) bool) func(*Estate, *Resource) string {
	return func(_ *Estate, r *Resource) string {
		for _, c := range containers(r) {
			if bad(c) {
				return fmt.Sprintf("container %.80s %s", c.at("Name").text(), what)
			}
		}
		return ""
	}
}

func taskDrain(_ *Estate, r *Resource) string {
	for _, c := range containers(r) {
		if seconds := c.at("StopTimeout").number(30); roleOf(c) == "worker" && seconds < drainTime {
			return fmt.Sprintf("container %.80s has %g s to end, and draining takes up to %d s", c.at("Name").text(), seconds, drainTime)
		}
	}
	return ""
}

var taskRoot = eachContainer("runs as root", func(c value) bool {
	user, _, _ := strings.Cut(c.at("User").pattern(), ":")
	return user == "" || user == "0" || user == "root"
})

// What the product uses, in MiB.
const (
	jobMemory = 4096 // of a job, by the limits of a recipe
	baseSize  = 1024 // of all else
)

// taskOversized holds the memory of a task against what its settings let the product use.
// Fargate has a least memory for each size of processor, in which there may be more.
func taskOversized(_ *Estate, r *Resource) string {
	if !serverless(r) {
		return ""
	}
	var needs float64
	for _, c := range containers(r) {
		switch roleOf(c) {
		case "worker":
			needs += jobMemory*max(value{setting(c, "slots")}.number(1), 1) + baseSize
		case "origin":
			// A cache's entries have overhead, and the garbage collector lets as much again lie.
			needs += 2*(mebibytes(setting(c, "memory"), 256)+mebibytes(setting(c, "manifest-memory"), 64)) + baseSize
		default:
			return "" // what it needs isn't known
		}
	}
	has, least := r.at("Memory").number(0), 2*r.at("Cpu").number(0)
	return unless(has <= max(needs, least), fmt.Sprintf("it has %g MiB, and its settings let it use %g", has, needs))
}

var (
	secretName  = regexp.MustCompile(`(?i)(passw(or)?d|secret|token|api_?key|private_?key|credential|origin_verify)`)
	nameOnly    = regexp.MustCompile(`(?i)_(arn|file|path|name|id|url|ttl|bytes)$`)
	secretValue = regexp.MustCompile(`\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|[a-z]+://[^/:@\s]+:[^/@\s]+@`)
)

// hardCoded looks for secrets in the environment of containers and functions. It doesn't
// repeat them.
func hardCoded(_ *Estate, r *Resource) string {
	for _, c := range containers(r) {
		for _, v := range c.at("Environment").each() {
			if name := v.at("Name").text(); secret(name, v.at("Value")) {
				return fmt.Sprintf("%.80s of container %.80s is written out", name, c.at("Name").text())
			}
		}
	}
	for _, name := range keys(r.at("Environment", "Variables")) {
		if secret(name, r.at("Environment", "Variables", name)) {
			return fmt.Sprintf("%.80s is written out", name)
		}
	}
	return ""
}

func secret(name string, v value) bool {
	text := v.text()
	if text == "" || strings.HasPrefix(text, "{{resolve:") {
		return false
	}
	return secretValue.MatchString(text) || secretName.MatchString(name) && !nameOnly.MatchString(name) && !v.isWord()
}
