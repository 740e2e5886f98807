package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbudgets"
	cw "github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
)

// parts is all that is watched.
type parts struct {
	q *queues
	d *data
	f *fleet
	o *origin
	e *edge // nil without one
}

// observe rings for whoever is on duty, shows how things stand, and watches the bill. It returns
// the stack of alarms.
func (s *site) observe(p parts) awscdk.Stack {
	st := s.stack("observe", "alarms, dashboard, budget")
	topic := awssns.NewTopic(st, new("Alerts"), &awssns.TopicProps{TopicName: new(s.Name() + "-alerts"), MasterKey: p.d.key, EnforceSSL: new(true)})
	topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(&s.Alerts, nil))
	allowPublish(st, topic, "cloudwatch", "Alarms")
	allowPublish(st, topic, "budgets", "Budget")
	tell := awscloudwatchactions.NewSnsAction(topic)
	for _, a := range s.alarms(st, p) {
		ring := s.alarm(st, a)
		ring.AddAlarmAction(tell)
		ring.AddOkAction(tell)
	}
	s.budget(st, topic)
	s.dashboard(st, p)
	return st
}

func allowPublish(st awscdk.Stack, topic awssns.Topic, who, id string) {
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: &id, Principals: &[]awsiam.IPrincipal{service(who)}, Actions: texts("sns:Publish"), Resources: &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": st.Account()}},
	}))
}

func (s *site) alarm(st awscdk.Stack, a alarm) cw.Alarm {
	p := &cw.AlarmProps{
		AlarmName: new(s.alarmName(a.name)), AlarmDescription: new(a.what + ". Runbook: infra/README.md, " + a.name + "."),
		Metric: a.metric, Threshold: &a.over, ComparisonOperator: cw.ComparisonOperator_GREATER_THAN_THRESHOLD,
		DatapointsToAlarm: new(3.0), EvaluationPeriods: new(5.0), TreatMissingData: cw.TreatMissingData_NOT_BREACHING,
	}
	if a.of > 0 {
		p.DatapointsToAlarm, p.EvaluationPeriods = new(float64(a.of)), new(float64(a.in))
	}
	if a.of > 0 && a.of == a.in { // all of them: an alarm after M of N is none that Route 53 goes by
		p.DatapointsToAlarm = nil
	}
	if a.under {
		p.ComparisonOperator = cw.ComparisonOperator_LESS_THAN_THRESHOLD
	}
	if a.silence {
		p.TreatMissingData = cw.TreatMissingData_BREACHING
	}
	return cw.NewAlarm(st, &a.name, p)
}

// budget writes to people when a month's bill is going to be over, and when it is.
func (s *site) budget(st awscdk.Stack, topic awssns.Topic) {
	notify := func(kind string, percent float64) any {
		return &awsbudgets.CfnBudget_NotificationWithSubscribersProperty{
			Notification: &awsbudgets.CfnBudget_NotificationProperty{NotificationType: &kind, ComparisonOperator: new("GREATER_THAN"), Threshold: &percent, ThresholdType: new("PERCENTAGE")},
			Subscribers:  []any{&awsbudgets.CfnBudget_SubscriberProperty{SubscriptionType: new("SNS"), Address: topic.TopicArn()}},
		}
	}
	awsbudgets.NewCfnBudget(st, new("Budget"), &awsbudgets.CfnBudgetProps{
		Budget: &awsbudgets.CfnBudget_BudgetDataProperty{
			BudgetName: new(s.Name()), BudgetType: new("COST"), TimeUnit: new("MONTHLY"),
			BudgetLimit: &awsbudgets.CfnBudget_SpendProperty{Amount: new(float64(s.Budget)), Unit: new("USD")},
			CostFilters: map[string]any{"TagKeyValue": []any{"user:plinth:env$" + s.Env}},
		},
		NotificationsWithSubscribers: []any{notify("FORECASTED", 80), notify("ACTUAL", 100)},
	})
}
