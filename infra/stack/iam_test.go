package stack

import (
	"embed"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// calls has what roles of the product call, as SERVICE:Operation, one a line: what the
// SDK was seen to do while the product's tests ran.
//
//go:embed calls/*.txt
var calls embed.FS

// needs is what IAM asks for where an operation is not an action of its name.
var needs = map[string][]string{
	"S3:HeadObject":                    {"s3:GetObject", "s3:ListBucket"}, // the latter for a 404
	"S3:GetObject":                     {"s3:GetObject", "s3:ListBucket"},
	"S3:ListObjectsV2":                 {"s3:ListBucket"},
	"S3:CopyObject":                    {"s3:GetObject", "s3:PutObject"},
	"S3:CreateMultipartUpload":         {"s3:PutObject"},
	"S3:UploadPart":                    {"s3:PutObject"},
	"S3:CompleteMultipartUpload":       {"s3:PutObject"},
	"DynamoDB:TransactWriteItems":      {"dynamodb:PutItem"}, // of puts only
	"SQS:ChangeMessageVisibilityBatch": {"sqs:ChangeMessageVisibility"},
	"SQS:DeleteMessageBatch":           {"sqs:DeleteMessage"},
	"SQS:SendMessageBatch":             {"sqs:SendMessage"},
}

// beside is what a role has beside its calls: services act in its name.
var beside = map[string][]string{
	"worker":   {"kms:Decrypt", "kms:GenerateDataKey"},                                                                                                                        // S3 and DynamoDB, by the key
	"origin":   {"kms:Decrypt"},                                                                                                                                               // the same
	"operator": {"kms:Decrypt", "kms:GenerateDataKey", "rds-db:connect"},                                                                                                      // the last where there is a ledger
	"precheck": {"kms:Decrypt", "kms:GenerateDataKey", "logs:CreateLogStream", "logs:PutLogEvents", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}, // Lambda receives
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
	// Of a machine, bound to its cluster by a condition.
	"ecs:DeregisterContainerInstance", "ecs:Poll", "ecs:RegisterContainerInstance", "ecs:StartTelemetrySession",
	"ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange", "ecs:UpdateContainerInstancesState",
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

// A role may do what its code does: no less, and nothing more.
func TestRolesMayDoWhatTheyDo(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for role, extra := range beside {
			want := map[string]bool{}
			for _, a := range extra {
				want[a] = true
			}
			if role == "precheck" {
				for a := range recorded(t, role) {
					want[a] = true
				}
				if got := m.granted(t, role); !maps.Equal(got, want) {
					t.Errorf("%s may %q, does %q", role, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
				}
				continue
			}
			text, err := calls.ReadFile("calls/" + role + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			for call := range strings.Lines(string(text)) {
				call = strings.TrimSpace(call)
				if call == "" || strings.HasPrefix(call, "#") {
					continue
				}
				service, operation, ok := strings.Cut(call, ":")
				if !ok {
					t.Fatalf("calls/%s.txt: %q is not SERVICE:Operation", role, call)
				}
				actions := needs[call]
				if actions == nil {
					actions = []string{strings.ToLower(service) + ":" + operation}
				}
				for _, a := range actions {
					want[a] = true
				}
			}
			if m.config.Ledger.Instances == 0 {
				delete(want, "rds-db:connect")
			}
			if got := m.granted(t, role); !maps.Equal(got, want) {
				t.Errorf("%s may %q, does %q", role, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
			}
		}
	})
}

// recorded are the actions that a role needs, as the product's tests on peers of AWS saw.
func recorded(t *testing.T, role string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("../../pipeline/cloud/awstest/calls/" + role + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		action, _, _ := strings.Cut(line, " ")
		all[action] = true
	}
	return all
}

// granted are the actions that a role may do.
func (m *made) granted(t *testing.T, role string) map[string]bool {
	t.Helper()
	got := map[string]bool{}
	for _, s := range m.statements(t) {
		if strings.Contains(s.role, "/Role"+role) {
			for _, a := range s.actions {
				if !strings.HasPrefix(a, "elasticfilesystem:") { // a mount, where the fleet has one
					got[a] = true
				}
			}
		}
	}
	return got
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
