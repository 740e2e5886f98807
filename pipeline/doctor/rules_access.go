package doctor

import (
	"fmt"
	"slices"
	"strings"
)

var policies = []string{"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"}

var roles = []string{"AWS::IAM::Role"}

var accessRules = []Rule{
	{
		ID: "iam-action", Pillar: Security, Severity: Error, types: policies,
		Title: "a role may do anything in a service", Do: "name the actions that the code calls", check: iamAction,
	},
	{
		ID: "iam-resource", Pillar: Security, Severity: Error, types: policies,
		Title: "a role may act on any resource", Do: "name the resources, or say a condition; a few actions can't have any", check: iamResource,
	},
	{
		ID: "iam-admin", Pillar: Security, Severity: Error, types: roles,
		Title: "a role has a policy for administrators", Do: "grant what the code calls, on what it calls it on", check: iamAdmin,
	},
	{
		ID: "iam-trust", Pillar: Security, Severity: Error, types: roles,
		Title: "anyone can take a role", Do: "name the service or account in AssumeRolePolicyDocument",
		check: func(_ *Estate, r *Resource) string {
			open := slices.ContainsFunc(r.at("AssumeRolePolicyDocument", "Statement").each(), func(s value) bool {
				return allows(s) && anyone(s.at("Principal")) && !s.at("Condition").there()
			})
			return unless(!open, "its trust policy allows anyone in")
		},
	},
	{
		ID: "key-rotation", Pillar: Security, Severity: Error, types: []string{"AWS::KMS::Key"},
		Title: "a key is never changed", Do: "set EnableKeyRotation",
		check: func(_ *Estate, r *Resource) string {
			spec := r.at("KeySpec").text()
			symmetric := spec == "" || spec == "SYMMETRIC_DEFAULT"
			return unless(!symmetric || r.at("EnableKeyRotation").yes(), "EnableKeyRotation is not set")
		},
	},
	{
		ID: "log-retention", Pillar: Cost, Severity: Warning, types: []string{"AWS::Logs::LogGroup"},
		Title: "logs are kept, and paid for, forever", Do: "set RetentionInDays",
		check: func(_ *Estate, r *Resource) string {
			return unless(r.at("RetentionInDays").there(), "RetentionInDays is not set")
		},
	},
}

// grants are the statements of a resource that allow something.
func grants(r *Resource) (all []value) {
	documents := []value{r.at("PolicyDocument")}
	for _, p := range r.at("Policies").each() {
		documents = append(documents, p.at("PolicyDocument"))
	}
	for _, d := range documents {
		for _, s := range d.at("Statement").each() {
			if allows(s) {
				all = append(all, s)
			}
		}
	}
	return all
}

func iamAction(_ *Estate, r *Resource) string {
	for _, s := range grants(r) {
		if s.at("NotAction").there() {
			return "it allows all but some actions (NotAction)"
		}
		for _, a := range s.at("Action").each() {
			if a.text() == "*" || strings.HasSuffix(a.text(), ":*") {
				return fmt.Sprintf("it allows %.80s", a.text())
			}
		}
	}
	return ""
}

// unbound are actions that IAM can't bind to a resource.
var unbound = []string{
	"application-autoscaling:Describe*", "autoscaling:Describe*", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics",
	"cloudwatch:PutMetricData", "ec2:Describe*", "ecr:GetAuthorizationToken", "ecs:DiscoverPollEndpoint", "kms:ListAliases",
	"logs:DescribeLogGroups", "s3:ListAllMyBuckets", "ssmmessages:*", "sts:GetCallerIdentity", "xray:*",
}

func bindable(action string) bool {
	return !slices.ContainsFunc(unbound, func(u string) bool {
		start, open := strings.CutSuffix(u, "*")
		return action == u || open && strings.HasPrefix(action, start)
	})
}

func iamResource(_ *Estate, r *Resource) string {
	for _, s := range grants(r) {
		if s.at("Condition").there() || !s.at("Resource").has("*") && !s.at("NotResource").there() {
			continue
		}
		for _, a := range s.at("Action").each() {
			if bindable(a.text()) {
				return fmt.Sprintf("it allows %.80s on *", a.text())
			}
		}
	}
	return ""
}

func iamAdmin(_ *Estate, r *Resource) string {
	for _, p := range r.at("ManagedPolicyArns").each() {
		arn := p.pattern()
		_, name, _ := strings.Cut(arn, ":policy/")
		if slices.Contains([]string{"AdministratorAccess", "PowerUserAccess"}, name) || strings.HasSuffix(name, "FullAccess") {
			return fmt.Sprintf("it has %.80s", name)
		}
	}
	return ""
}
