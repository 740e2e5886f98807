package stack

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth3d/plinth/infra/names"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
)

// beside is what a role may do beside its calls.
var beside = map[string][]string{
	"worker": {
		"kms:Decrypt key", "kms:GenerateDataKey key", // S3 and DynamoDB, by the key
		"s3:ListBucket raw", // an upload that is gone is a 404 then
	},
	"origin": {"kms:Decrypt key"},
	"operator": {
		"kms:Decrypt key", "kms:GenerateDataKey key", "rds-db:connect ledger",
		"s3:PutObject derived/sweep", "s3:DeleteObject derived/sweep", // marks of plinth sweep
	},
	"precheck": {
		"kms:Decrypt key", "kms:GenerateDataKey key",
		"logs:CreateLogStream logs", "logs:PutLogEvents logs",
		// What Lambda does in the role's name.
		"sqs:ReceiveMessage uploads", "sqs:DeleteMessage uploads", "sqs:ChangeMessageVisibility uploads", "sqs:GetQueueAttributes uploads",
	},
}

// kinds are what the lists call resources, by what names of templates have in them.
var kinds = []struct{ part, kind string }{
	{"/index/by-state", "table/by-state"},
	{"/index/by-merchant", "table/by-merchant"},
	{"/Catalog", "table"},
	{":table/", "table"},
	{"/raw/*", "raw/in"},
	{"/Bucketraw", "raw"},
	{"/source/*", "derived/source"},
	{"/recipe/*", "derived/recipe"},
	{"/rendition/*", "derived/rendition"},
	{"/checkpoint/*", "derived/checkpoint"},
	{"/sweep/*", "derived/sweep"},
	{"/" + names.SigningKeys, "derived/keys"},
	{"/Bucketderived", "derived"},
	{"/Laneuploads", "uploads"},
	{"/Lane", "lane"},
	{"/Dead", "dead"},
	{"/Key", "key"},
	{":dbuser:", "ledger"},
	{"/Logs", "logs"},
	{"/Scratch", "scratch"},
}

func kindOf(resource string) string {
	for _, k := range kinds {
		if strings.Contains(resource, k.part) {
			return k.kind
		}
	}
	return resource
}

// statement is one of a policy of IAM, with whom it is for.
type statement struct {
	of                 string // policy
	role               string // logical ID
	actions, resources []string
	conditions         any
}

// statements are all that is granted to roles.
func (m *made) statements(t *testing.T) (all []statement) {
	t.Helper()
	add := func(r resource, role string, document any) {
		for _, s := range list(at(document, "Statement")) {
			if at(s, "Effect") != "Allow" {
				continue
			}
			st := statement{of: r.String(), role: role, conditions: at(s, "Condition")}
			for _, a := range list(at(s, "Action")) {
				st.actions = append(st.actions, fmt.Sprint(a))
			}
			for _, a := range list(at(s, "Resource")) {
				st.resources = append(st.resources, m.name(r.stack, a))
			}
			all = append(all, st)
		}
	}
	for _, p := range m.of(t, "IAM::Policy") {
		for _, role := range list(p.at("Roles")) {
			add(p, m.name(p.stack, role), p.at("PolicyDocument"))
		}
	}
	for _, r := range m.of(t, "IAM::Role") {
		for _, p := range list(r.at("Policies")) {
			add(r, r.stack+"/"+r.id, at(p, "PolicyDocument"))
		}
	}
	return all
}

func TestNoActionIsAWildcard(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for _, s := range m.statements(t) {
			for _, a := range s.actions {
				if strings.Contains(a, "*") {
					t.Errorf("%s allows %s", s.of, a)
				}
			}
		}
	})
}

// anything are the actions that take no resource, or one that has no name yet.
var anything = []string{
	"ecr:GetAuthorizationToken", "ecs:DiscoverPollEndpoint",
	"ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState", // of a machine, bound to its cluster by a condition
}

// partly are the wildcards within resources: what comes after a prefix of ours.
var partly = []string{
	"/raw/*", "/source/*", "/recipe/*", "/rendition/*", "/checkpoint/*", "/sweep/*", // objects of a bucket
	"-us-east-1/*", "-us-west-2/*", // all objects of a bucket and its copy, for replication
	":key/*", // the standby's, whose alias a condition names
}

func TestAnyResourceIsOnAListOfExceptions(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for _, s := range m.statements(t) {
			for _, r := range s.resources {
				switch {
				case r == "*":
					for _, a := range s.actions {
						if !slices.Contains(anything, a) {
							t.Errorf("%s allows %s on everything", s.of, a)
						}
						if strings.HasPrefix(a, "ecs:") && a != "ecs:DiscoverPollEndpoint" && s.conditions == nil {
							t.Errorf("%s allows %s on everything, under no condition", s.of, a)
						}
					}
				case strings.Contains(r, "*") && !slices.ContainsFunc(partly, func(end string) bool { return strings.HasSuffix(r, end) }):
					t.Errorf("%s allows %q on %s", s.of, s.actions, r)
				case strings.HasSuffix(r, ":key/*") && s.conditions == nil:
					t.Errorf("%s allows %q on all keys", s.of, s.actions)
				}
			}
		}
	})
}

// ECS tells the condition ecs:cluster of calls that are about a machine, not of those that are
// about the cluster: these, under that condition, are refused, and no machine ever registers.
func TestMachinesMayJoinTheirCluster(t *testing.T) {
	m := installation(t, "prod")
	want := []string{
		"ecs:DeregisterContainerInstance", "ecs:RegisterContainerInstance",
		"ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange",
	}
	found := 0
	for _, s := range m.statements(t) {
		for _, a := range s.actions {
			if slices.Contains(want, a) {
				found++
				if s.conditions != nil || len(s.resources) != 1 || !strings.Contains(s.resources[0], "/Cluster") {
					t.Errorf("%s: %s is on %q, under %v", s.of, a, s.resources, s.conditions)
				}
			}
		}
	}
	if found != len(want) {
		t.Errorf("%d calls, want %q", found, want)
	}
}

// A role may do what its code does, on what it does it: no less, and nothing more.
func TestRolesMayDoWhatTheyDo(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for role := range beside {
			m.mayWhatItDoes(t, role)
		}
	})
}

func (m *made) mayWhatItDoes(t *testing.T, role string) {
	t.Helper()
	all, err := awstest.Listed(role)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, call := range append(all, beside[role]...) {
		want[call] = true
	}
	if m.config.Ledger.Instances == 0 {
		delete(want, "rds-db:connect ledger")
	}
	if !m.config.Origin.Signed {
		delete(want, "s3:GetObject derived/keys")
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(m.granted(t, role)))); diff != "" {
		t.Errorf("%s (- does, + may):\n%s", role, diff)
	}
}

// granted is what a role may do, on what, as the lists have it.
func (m *made) granted(t *testing.T, role string) map[string]bool {
	t.Helper()
	got := map[string]bool{}
	for _, s := range m.statements(t) {
		if !strings.Contains(s.role, "/Role"+role) {
			continue
		}
		for _, a := range s.actions {
			for _, r := range s.resources {
				if kind := kindOf(r); kind != "scratch" { // a mount, where the fleet has one
					got[a+" "+kind] = true
				}
			}
		}
	}
	return got
}

// derived takes the pattern of keys from what is granted on objects of the store, here or at the
// standby's.
var derived = regexp.MustCompile(`(?:/Bucketderived\w*\.Arn|-derived-[^/]*)/(.*)$`)

// Who has merchants' keys can sign anything. Only origins read them, where they need them, and
// S3 itself, which copies all objects to the standby.
func TestOnlyOriginsReadSigningKeys(t *testing.T) {
	each(t, func(t *testing.T, m *made) { m.onlyOriginsReadSigningKeys(t) })
}

func (m *made) onlyOriginsReadSigningKeys(t *testing.T) {
	t.Helper()
	all := m.statements(t)
	for _, p := range m.of(t, "S3::BucketPolicy") {
		for _, s := range list(p.at("PolicyDocument", "Statement")) {
			if at(s, "Effect") != "Allow" {
				continue
			}
			st := statement{of: p.String(), role: fmt.Sprint(at(s, "Principal"))}
			for _, a := range list(at(s, "Action")) {
				st.actions = append(st.actions, fmt.Sprint(a))
			}
			for _, r := range list(at(s, "Resource")) {
				st.resources = append(st.resources, m.name(p.stack, r))
			}
			all = append(all, st)
		}
	}
	origins, copies := 0, 0
	for _, s := range all {
		for _, r := range s.resources {
			of := derived.FindStringSubmatch(anyStack(r))
			if of == nil {
				continue
			}
			covers := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(of[1]), `\*`, ".*") + "$").MatchString
			switch {
			case !covers(names.SigningKeys) && !covers("keys/others.json"):
			case strings.Contains(s.role, "/Replication") && of[1] == "*":
				copies++
			case strings.Contains(s.role, "/Roleorigin") && of[1] == names.SigningKeys && slices.Equal(s.actions, []string{"s3:GetObject"}):
				origins++
			default:
				t.Errorf("%s: %s may %q on %s", s.of, s.role, s.actions, r)
			}
		}
	}
	if (origins == 1) != m.config.Origin.Signed || origins > 1 {
		t.Errorf("%d statements let origins read keys; they are told to: %v", origins, m.config.Origin.Signed)
	}
	if want := map[bool]int{true: 2, false: 0}[m.config.Standby != nil]; copies != want { // from here, to there
		t.Errorf("%d grants let S3 copy keys, want %d", copies, want)
	}
}

// Policies of keys are for services of this account; only root, who owns it, may do anything.
func TestKeysAreForThisAccount(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for _, k := range m.of(t, "KMS::Key") {
			for _, s := range list(k.at("KeyPolicy", "Statement")) {
				who := m.name(k.stack, at(s, "Principal", "AWS"))
				switch {
				case strings.HasSuffix(who, ":root"):
				case at(s, "Principal", "Service") != nil && at(s, "Condition") != nil && !strings.Contains(fmt.Sprint(at(s, "Action")), "*"):
				default:
					t.Errorf("%s: %v", k, s)
				}
			}
		}
	})
}
