package stack

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/infra/role"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// containers are all, with the role that each runs.
func (m *made) containers(t *testing.T, test func(r resource, c any, name string, args []string)) {
	t.Helper()
	for _, d := range m.of(t, "ECS::TaskDefinition") {
		for _, c := range list(d.at("ContainerDefinitions")) {
			var args []string
			for _, a := range list(at(c, "Command")) {
				args = append(args, m.name(d.stack, a))
			}
			test(d, c, args[0], args[1:])
		}
	}
}

func TestContainersHaveNothingTheyDontNeed(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		m.containers(t, func(d resource, c any, name string, _ []string) {
			for what, want := range map[string]any{"ReadonlyRootFilesystem": true, "User": "65532:65532", "StopTimeout": 120.0} {
				if got := at(c, what); got != want {
					t.Errorf("%s, %s: %s is %v, want %v", d, name, what, got, want)
				}
			}
			if at(c, "Privileged") == true || at(c, "LinuxParameters", "Capabilities", "Drop", 0) != "ALL" {
				t.Errorf("%s, %s has rights of root", d, name)
			}
			var writable []string
			for _, p := range list(at(c, "MountPoints")) {
				writable = append(writable, fmt.Sprint(at(p, "ContainerPath")))
			}
			if !slices.Equal(writable, []string{"/tmp", role.Scratch}) {
				t.Errorf("%s, %s can write to %q", d, name, writable)
			}
			if !strings.HasSuffix(m.name(d.stack, at(c, "Image")), ":"+m.config.Image.Tag) {
				t.Errorf("%s runs %s", d, m.name(d.stack, at(c, "Image")))
			}
			if slices.Contains(list(d.at("RequiresCompatibilities")), any("FARGATE")) && d.at("RuntimePlatform", "CpuArchitecture") != "ARM64" {
				t.Errorf("%s is for %v", d, d.at("RuntimePlatform"))
			}
		})
	})
}

// What workers leave to a larger one is what that takes, from any lane; where there is none they
// leave nothing.
func TestWorkersLeaveWhatALargerOneTakes(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		commands := map[string][]string{} // by the task's last name
		m.containers(t, func(d resource, _ any, name string, args []string) {
			commands[strings.TrimPrefix(m.nameOf(d, "Family"), m.config.Name()+"-")] = append([]string{name}, args...)
		})
		want := commands["large"]
		if l := m.config.Fleet.Large; l != nil {
			want = append(want, "--most-memory", fmt.Sprintf("%dMiB", l.MemoryMiB*3/4))
		} else if want = commands["worker"]; slices.Contains(want, "--most-memory") {
			t.Error("workers leave jobs to nobody")
		}
		if !slices.Equal(commands["worker"], want) {
			t.Errorf("workers are started with %q, want %q", commands["worker"], want)
		}
	})
}

// Who starts an operator's task has to name its network: only the group of operators reaches the
// ledger.
func TestOperatorsAreToldTheirNetwork(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		stack := m.config.Name() + "-fleet"
		got := m.name(stack, at(m.templates[stack], "Outputs", "OperatorNetwork", "Value"))
		if !strings.HasPrefix(got, "awsvpcConfiguration={subnets=[") || strings.Count(got, "/VpctasksSubnet") != len(m.config.Zones) || strings.Count(got, "/Operators") != 1 {
			t.Errorf("the stack prints %q", got)
		}
	})
}

// The product knows each flag that it is started with: `plinth config` lists them.
func TestRolesAreStartedWithFlagsTheyHave(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "run", "./cmd/plinth", "config")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go run ./cmd/plinth config: %v", err)
	}
	known, commands, lanes := map[string]bool{}, map[string]bool{}, ""
	for line := range strings.Lines(string(out)) {
		if cells := strings.Split(line, "│"); len(cells) > 3 {
			command, flag := strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])
			known[command+" "+flag], commands[command] = true, true
			if command+" "+flag == "worker --lanes" {
				lanes = strings.TrimSpace(cells[4])
			}
		}
	}
	if !known["worker --store"] {
		t.Fatalf("the list of settings can't be read:\n%.2000s", out)
	}
	if lanes != asset.DefaultLanes {
		t.Errorf("the product's lanes are %q, there are queues for %q", lanes, asset.DefaultLanes)
	}
	missing := map[string]bool{}
	check := func(name string, args []string) {
		if !commands[name] {
			missing[name] = true
			return
		}
		for _, a := range args {
			if strings.HasPrefix(a, "--") && !known[name+" "+a] {
				missing[name+" "+a] = true
			}
		}
	}
	each(t, func(t *testing.T, m *made) {
		m.containers(t, func(_ resource, _ any, name string, args []string) { check(name, args) })
		for _, f := range m.maybe("Lambda::Function") {
			var args []string
			for _, a := range list(f.at("ImageConfig", "Command")) {
				args = append(args, m.name(f.stack, a))
			}
			check(args[0], args[1:])
		}
	})
	signed := role.Origin(&config.Config{Origin: config.Origin{Signed: true}}, role.Where{})
	if check(signed[0], signed[1:]); !slices.Contains(signed, "--signing-keys") {
		t.Errorf("origins that sign are started with %q", signed)
	}
	for what := range missing {
		t.Errorf("the product has no %s", what)
	}
}
