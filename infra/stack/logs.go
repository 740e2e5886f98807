package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
)

// logs is a group of logs, which go when their time is over.
func (s *site) logs(st awscdk.Stack, id, name string) awslogs.LogGroup {
	return awslogs.NewLogGroup(st, &id, &awslogs.LogGroupProps{
		LogGroupName:  new("/plinth/" + s.Env + "/" + name),
		Retention:     retentions[s.Keep.Logs],
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

// retentions are CDK's names of what config takes.
var retentions = map[int]awslogs.RetentionDays{
	1: awslogs.RetentionDays_ONE_DAY, 3: awslogs.RetentionDays_THREE_DAYS, 5: awslogs.RetentionDays_FIVE_DAYS,
	7: awslogs.RetentionDays_ONE_WEEK, 14: awslogs.RetentionDays_TWO_WEEKS, 30: awslogs.RetentionDays_ONE_MONTH,
	60: awslogs.RetentionDays_TWO_MONTHS, 90: awslogs.RetentionDays_THREE_MONTHS, 120: awslogs.RetentionDays_FOUR_MONTHS,
	150: awslogs.RetentionDays_FIVE_MONTHS, 180: awslogs.RetentionDays_SIX_MONTHS, 365: awslogs.RetentionDays_ONE_YEAR,
}
