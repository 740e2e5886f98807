package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
)

// managed are rules that AWS keeps: all of them block.
var managed = []string{"AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet"}

// firewall blocks who asks too much, and what nobody means well by.
func (s *site) firewall(e *edge) {
	visible := func(name string) *awswafv2.CfnWebACL_VisibilityConfigProperty {
		return &awswafv2.CfnWebACL_VisibilityConfigProperty{CloudWatchMetricsEnabled: true, SampledRequestsEnabled: true, MetricName: &name}
	}
	rules := []any{&awswafv2.CfnWebACL_RuleProperty{
		Name: new("rate"), Priority: new(0.0), VisibilityConfig: visible("rate"),
		Action:    &awswafv2.CfnWebACL_RuleActionProperty{Block: &awswafv2.CfnWebACL_BlockActionProperty{CustomResponse: &awswafv2.CfnWebACL_CustomResponseProperty{ResponseCode: new(429.0)}}},
		Statement: &awswafv2.CfnWebACL_StatementProperty{RateBasedStatement: &awswafv2.CfnWebACL_RateBasedStatementProperty{AggregateKeyType: new("IP"), Limit: new(float64(s.Edge.Rate)), EvaluationWindowSec: new(300.0)}},
	}}
	for i, name := range managed {
		rules = append(rules, &awswafv2.CfnWebACL_RuleProperty{
			Name: &name, Priority: new(float64(i + 1)), VisibilityConfig: visible(name),
			OverrideAction: &awswafv2.CfnWebACL_OverrideActionProperty{None: map[string]any{}},
			Statement:      &awswafv2.CfnWebACL_StatementProperty{ManagedRuleGroupStatement: &awswafv2.CfnWebACL_ManagedRuleGroupStatementProperty{VendorName: new("AWS"), Name: &name}},
		})
	}
	e.firewallName = s.Name() + "-edge"
	acl := awswafv2.NewCfnWebACL(e.stack, new("Firewall"), &awswafv2.CfnWebACLProps{
		Name: &e.firewallName, Scope: new("CLOUDFRONT"), DefaultAction: &awswafv2.CfnWebACL_DefaultActionProperty{Allow: map[string]any{}},
		VisibilityConfig: visible(e.firewallName), Rules: rules,
	})
	e.firewall = acl.AttrArn()
	// The name has to begin so. What was let through is in the access log.
	logs := awslogs.NewLogGroup(e.stack, new("FirewallLogs"), &awslogs.LogGroupProps{
		LogGroupName: new("aws-waf-logs-" + s.Name()), Retention: retentions[s.Keep.Logs], RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	awswafv2.NewCfnLoggingConfiguration(e.stack, new("FirewallLogging"), &awswafv2.CfnLoggingConfigurationProps{
		ResourceArn: acl.AttrArn(), LogDestinationConfigs: &[]any{arnOfLogs(e.stack, logs)},
		LoggingFilter: map[string]any{"DefaultBehavior": "DROP", "Filters": []any{map[string]any{
			"Behavior": "KEEP", "Requirement": "MEETS_ANY", "Conditions": []any{map[string]any{"ActionCondition": map[string]any{"Action": "BLOCK"}}},
		}}},
	})
}

// arnOfLogs is a group's ARN without the asterisk that CloudFormation adds.
func arnOfLogs(st awscdk.Stack, g awslogs.LogGroup) *string {
	return st.FormatArn(&awscdk.ArnComponents{Service: new("logs"), Resource: new("log-group"), ResourceName: g.LogGroupName(), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME})
}

// deliverLogs has CloudFront write a line for each request to the bucket of logs.
func (s *site) deliverLogs(e *edge, d *data) {
	source := awslogs.NewCfnDeliverySource(e.stack, new("AccessLogs"), &awslogs.CfnDeliverySourceProps{
		Name: new(s.Name() + "-edge"), LogType: new("ACCESS_LOGS"), ResourceArn: new(e.arn()),
	})
	destination := awslogs.NewCfnDeliveryDestination(e.stack, new("AccessLogsBucket"), &awslogs.CfnDeliveryDestinationProps{
		Name: new(s.Name() + "-edge"), DestinationResourceArn: new("arn:aws:s3:::" + s.bucketName(d.stack, "logs") + "/" + edgeLogs), OutputFormat: new("w3c"),
	})
	delivery := awslogs.NewCfnDelivery(e.stack, new("AccessLogsDelivery"), &awslogs.CfnDeliveryProps{
		DeliverySourceName: source.Name(), DeliveryDestinationArn: destination.AttrArn(), S3SuffixPath: new("{yyyy}/{MM}/{dd}/{HH}"),
	})
	delivery.Node().AddDependency(source)
}
