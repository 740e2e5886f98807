package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// grant is what somebody may do. Actions are named one by one: CDK's own grants have
// wildcards in them.
type grant struct {
	actions    []string
	on         []*string // ARNs
	conditions map[string]any
}

func give(role awsiam.Role, grants []grant) {
	for _, g := range grants {
		p := &awsiam.PolicyStatementProps{Actions: texts(g.actions...), Resources: &g.on}
		if g.conditions != nil {
			p.Conditions = &g.conditions
		}
		role.AddToPolicy(awsiam.NewPolicyStatement(p))
	}
}

// accept suppresses a finding of cdk-nag on one resource, and what CDK makes under it, and
// says why.
func accept(on constructs.IConstruct, rule, why string) {
	cdknag.NagSuppressions_AddResourceSuppressions(on, &[]*cdknag.NagPackSuppression{{Id: &rule, Reason: &why}}, new(true))
}
