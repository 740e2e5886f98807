package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecr"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"github.com/plinth3d/plinth/infra/role"
)

const (
	precheckSeconds = 60
	precheckMemory  = 3008 // MiB; a CPU comes with each 1769
	precheckAtOnce  = 50   // functions; the rest of an account's thousand is for others
)

// precheckName is the function's.
func (s *site) precheckName() string { return s.Name() + "-precheck" }

// precheck is a function that looks at uploads as S3 tells of them: it checks and registers
// them by the code that workers have for this, and sends a job to the most urgent lane. It
// is the product's own image, started as `plinth lambda`, so there is no second program to
// build; Lambda takes one architecture's image only, so its tag ends in that.
func (s *site) precheck(st awscdk.Stack, q *queues, d *data) {
	may := awsiam.NewRole(st, new("Roleprecheck"), &awsiam.RoleProps{AssumedBy: service("lambda"), Description: new("What the pre-check may call")})
	logs := s.logs(st, "Logsprecheck", "precheck")
	give(may, append(s.precheckGrants(q, d),
		grant{actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, on: []*string{logs.LogGroupArn()}},
		// What Lambda does in this role's name: it receives and deletes messages.
		grant{actions: []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}, on: []*string{q.uploads.jobs.QueueArn()}}))
	accept(may, "AwsSolutions-IAM5", "The pre-check reads uploads and writes sources, whose names are hashes, below three prefixes, and writes to streams of one log group.")
	repository := awsecr.Repository_FromRepositoryName(st, new("Imageprecheck"), &s.Image.Repository)
	f := awslambda.NewCfnFunction(st, new("Precheck"), &awslambda.CfnFunctionProps{
		FunctionName: new(s.precheckName()), Description: new("Checks uploads and registers them"),
		PackageType: new("Image"), Architectures: texts("arm64"), Role: may.RoleArn(),
		Code:        &awslambda.CfnFunction_CodeProperty{ImageUri: repository.RepositoryUriForTag(new(s.Image.Tag + "-arm64"))},
		ImageConfig: &awslambda.CfnFunction_ImageConfigProperty{Command: texts(role.Precheck(s.Config, d.where())...)},
		Timeout:     new(float64(precheckSeconds)), MemorySize: new(float64(precheckMemory)), ReservedConcurrentExecutions: new(float64(precheckAtOnce)),
		EphemeralStorage: &awslambda.CfnFunction_EphemeralStorageProperty{Size: new(1024.0)},
		LoggingConfig:    &awslambda.CfnFunction_LoggingConfigProperty{LogGroup: logs.LogGroupName()},
		TracingConfig:    &awslambda.CfnFunction_TracingConfigProperty{Mode: new("PassThrough")},
	})
	f.Node().AddDependency(may)
	awslambda.NewCfnEventSourceMapping(st, new("PrecheckUploads"), &awslambda.CfnEventSourceMappingProps{
		EventSourceArn: q.uploads.jobs.QueueArn(), FunctionName: f.Ref(), BatchSize: new(1.0),
		FunctionResponseTypes: texts("ReportBatchItemFailures"),
		ScalingConfig:         &awslambda.CfnEventSourceMapping_ScalingConfigProperty{MaximumConcurrency: new(float64(precheckAtOnce))},
	})
}
