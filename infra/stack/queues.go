package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"

	"github.com/plinth3d/plinth/infra/names"
)

// queues are the lanes, and the queue of uploads where they are looked at before.
type queues struct {
	stack   awscdk.Stack
	lanes   []lane // most urgent first
	uploads *lane  // nil without a pre-check
}

// lane is a queue and its dead letters.
type lane struct {
	name       string
	jobs, dead awssqs.Queue
}

// all are the lanes, and the uploads.
func (q *queues) all() []lane {
	if q.uploads == nil {
		return q.lanes
	}
	return append([]lane{*q.uploads}, q.lanes...)
}

// arrivals is the queue that S3 tells of uploads.
func (q *queues) arrivals() awssqs.Queue { return q.all()[0].jobs }

func (s *site) queues() *queues {
	q := &queues{stack: s.stack("queues", "lanes of jobs and their dead letters")}
	for _, l := range names.Lanes {
		q.lanes = append(q.lanes, s.lane(q.stack, l.Name, names.Visibility))
	}
	if s.Precheck {
		// Lambda asks that a message be hidden for six times as long as a function may run.
		u := s.lane(q.stack, names.Uploads, 6*precheckSeconds)
		q.uploads = &u
	}
	q.arrivals().AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{service("s3")},
		Actions:    texts("sqs:SendMessage"),
		Resources:  &[]*string{q.arrivals().QueueArn()},
		Conditions: &map[string]any{
			"ArnLike":      map[string]any{"aws:SourceArn": "arn:aws:s3:::" + s.bucketName(q.stack, "raw")},
			"StringEquals": map[string]any{"aws:SourceAccount": q.stack.Account()},
		},
	}))
	return q
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
