// Package stack is Plinth on AWS: one function for each stack, from a configuration and the
// stacks below to what the stacks above need of it.
//
//	network  three zones without a way out, endpoints, who may talk to whom
//	queues   lanes of jobs and their dead letters
//	data     buckets, catalog, ledger, their key
//	fleet    workers, the pre-check of uploads
//	origin   the service behind the edge
//	edge     CloudFront and its firewall
//	observe  alarms, dashboard, budget
//	dns      names, by the alarms
//	dr       backups and their copies
//
// What is synthesised depends on the configuration only: no credentials, no look-ups, no
// files of the machine.
package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/infra/cost"
)

// site is an installation that is being put together.
type site struct {
	*config.Config
	app    awscdk.App
	prices *cost.Model
}

// flags are CDK's switches to what it does today rather than when it began.
var flags = map[string]any{
	"@aws-cdk/core:checkSecretUsage":                                                    true,
	"@aws-cdk/core:defaultCrossStackReferences":                                         "strong", // what another stack uses is not taken away
	"@aws-cdk/core:validateAgainstDefaultRules":                                         true,     // findings are errors
	"@aws-cdk/core:target-partitions":                                                   []string{"aws"},
	"@aws-cdk/aws-iam:minimizePolicies":                                                 true,
	"@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy":                                   true,
	"@aws-cdk/aws-s3:createDefaultLoggingPolicy":                                        true,
	"@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm":                                     true,
	"@aws-cdk/aws-ecs:reduceEc2FargateCloudWatchPermissions":                            true,
	"@aws-cdk/aws-kms:reduceCrossAccountRegionPolicyScope":                              true,
	"@aws-cdk/aws-elasticloadbalancingV2:networkLoadBalancerWithSecurityGroupByDefault": true,
	"@aws-cdk/aws-ec2:restrictDefaultSecurityGroup":                                     false, // takes a function of CDK's own; nobody is in that group
}

// New puts an installation together. Its templates go to dir; "" is where the CDK asks for
// them. Runtime comes first.
func New(c *config.Config, dir string) (awscdk.App, error) {
	prices, err := cost.Load()
	if err != nil {
		return nil, err
	}
	props := &awscdk.AppProps{AnalyticsReporting: new(false), TreeMetadata: new(false), StackTraces: new(false), Context: &flags}
	if dir != "" {
		props.Outdir = &dir
	}
	s := &site{c, awscdk.NewApp(props), prices}
	awscdk.Aspects_Of(s.app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
		Verbose: new(true), Reports: new(true), ReportFormats: &[]cdknag.NagReportFormat{cdknag.NagReportFormat_JSON},
	}), nil)
	s.stacks()
	return s.app, nil
}

// stacks makes them all, each from those before.
func (s *site) stacks() {
	n := s.network()
	q := s.queues()
	d := s.data(n, q)
	f := s.fleet(n, q, d)
	o := s.origin(n, d, f)
	var e *edge
	if s.Edge != nil {
		e = s.edge(d, o)
	}
	s.dns(o, e, s.observe(parts{q, d, f, o, e}))
	s.recovery(d)
}

// stack begins one.
func (s *site) stack(name, what string) awscdk.Stack {
	st := awscdk.NewStack(s.app, new(s.Name()+"-"+name), &awscdk.StackProps{
		Description:           new("Plinth " + s.Env + ": " + what),
		Env:                   &awscdk.Environment{Region: &s.Region},
		TerminationProtection: new(s.Lasting()),
		Synthesizer:           awscdk.NewDefaultStackSynthesizer(&awscdk.DefaultStackSynthesizerProps{GenerateBootstrapVersionRule: new(false)}),
	})
	awscdk.Tags_Of(st).Add(new("plinth:env"), &s.Env, nil)
	awscdk.Tags_Of(st).Add(new("plinth:part"), &name, nil)
	return st
}

// removal is what becomes of what holds data when its stack goes. What a deployment that failed
// had made goes all the same: it is empty, and its name would be taken at the next try.
func (s *site) removal() awscdk.RemovalPolicy {
	if s.Lasting() {
		return awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE
	}
	return awscdk.RemovalPolicy_DESTROY
}

// texts are pointers to strings, as CDK takes them.
func texts(all ...string) *[]*string {
	list := make([]*string, len(all))
	for i := range all {
		list[i] = &all[i]
	}
	return &list
}

func days(n int) awscdk.Duration    { return awscdk.Duration_Days(new(float64(n))) }
func seconds(n int) awscdk.Duration { return awscdk.Duration_Seconds(new(float64(n))) }
func minutes(n int) awscdk.Duration { return awscdk.Duration_Minutes(new(float64(n))) }
