package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"

	"github.com/plinth3d/plinth/infra/names"
)

// queues are the lanes, and the queue of uploads that wait for the pre-check. That is there
// without one, too: CloudFormation takes no queue away that another stack uses, so that the
// pre-check could not be switched off.
type queues struct {
	stack   awscdk.Stack
	lanes   []lane // most urgent first
	uploads lane
	checked bool // there is a pre-check
}

// lane is a queue and its dead letters.
type lane struct {
	name       string
	jobs, dead awssqs.Queue
}

// all are the uploads, and the lanes.
func (q *queues) all() []lane { return append([]lane{q.uploads}, q.lanes...) }

// arrivals is the queue that S3 tells of uploads.
func (q *queues) arrivals() awssqs.Queue {
	if q.checked {
		return q.uploads.jobs
	}
	return q.lanes[0].jobs
}

func (s *site) queues() *queues {
	q := &queues{stack: s.stack("queues", "lanes of jobs and their dead letters"), checked: s.Precheck}
	for _, l := range names.Lanes {
		q.lanes = append(q.lanes, s.lane(q.stack, l.Name, names.Visibility))
	}
	// Lambda asks that a message be hidden for six times as long as a function may run.
	q.uploads = s.lane(q.stack, names.Uploads, 6*precheckSeconds)
	for _, to := range []awssqs.Queue{q.uploads.jobs, q.lanes[0].jobs} {
		q.stack.ExportValue(to.QueueArn(), nil)
		s.letS3Tell(q.stack, to)
	}
	return q
}

// letS3Tell lets the bucket of uploads send messages. S3 tries that before it takes a queue.
func (s *site) letS3Tell(st awscdk.Stack, to awssqs.Queue) {
	to.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{service("s3")},
		Actions:    texts("sqs:SendMessage"),
		Resources:  &[]*string{to.QueueArn()},
		Conditions: &map[string]any{
			"ArnLike":      map[string]any{"aws:SourceArn": "arn:aws:s3:::" + s.bucketName(st, "raw")},
			"StringEquals": map[string]any{"aws:SourceAccount": st.Account()},
		},
	}))
}

func (s *site) lane(st awscdk.Stack, name string, visibility int) lane {
	queue := func(id, name string, p awssqs.QueueProps) awssqs.Queue {
		p.QueueName, p.Encryption, p.EnforceSSL = new(s.Name()+"-"+name), awssqs.QueueEncryption_SQS_MANAGED, new(true)
		p.RemovalPolicy = s.removal()
		return awssqs.NewQueue(st, &id, &p)
	}
	dead := queue("Dead"+name, name+"-dead", awssqs.QueueProps{RetentionPeriod: days(names.DeadDays)})
	return lane{name: name, dead: dead, jobs: queue("Lane"+name, name, awssqs.QueueProps{
		VisibilityTimeout: seconds(visibility),
		RetentionPeriod:   days(names.LaneDays),
		// A long poll is the worker's to ask for: one of several lanes must not keep it waiting.
		ReceiveMessageWaitTime: seconds(0),
		DeadLetterQueue:        &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: new(float64(names.Receives))},
	})}
}
