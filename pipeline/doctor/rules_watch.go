package doctor

import (
	"fmt"
	"slices"
)

var alarms = []string{"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}

var watchRules = []Rule{
	{
		ID: "alarm-action", Pillar: Availability, Severity: Warning, types: alarms,
		Title: "an alarm tells nobody", Do: "set AlarmActions, or name it in a composite alarm", check: alarmAction,
	},
	{
		ID: "topic-silent", Pillar: Availability, Severity: Warning, types: []string{"AWS::SNS::Topic"},
		Title: "alarms go to a topic that nobody listens to", Do: "add AWS::SNS::Subscription", check: topicSilent,
	},
	{
		ID: "budget", Pillar: Cost, Severity: Warning,
		Title: "nobody is told what it costs", Do: "add AWS::Budgets::Budget with notifications", check: budget,
	},
	{
		ID: "unused", Pillar: Cost, Severity: Warning, types: []string{"AWS::EC2::EIP", "AWS::EC2::Volume", "AWS::ElasticLoadBalancingV2::TargetGroup", "AWS::KMS::Key", "AWS::CertificateManager::Certificate"},
		Title: "a part is paid for and used by nobody", Do: "remove it", check: unused,
	},
	{
		ID: "stack-size", Pillar: Limits, Severity: Warning, types: []string{stackType},
		Title: "a stack nears what CloudFormation takes", Do: "split it", check: stackSize,
	},
}

func alarmAction(e *Estate, r *Resource) string {
	inOther := slices.ContainsFunc(e.uses[r], func(u use) bool { return u.by != nil && u.at == "AlarmRule" })
	switch {
	case inOther:
		return ""
	case len(r.at("AlarmActions").each()) == 0:
		return "it has no AlarmActions"
	}
	return unless(!r.at("ActionsEnabled").no(), "ActionsEnabled is false")
}

// watched tells if an alarm is on a metric of a resource.
func watched(e *Estate, r *Resource, metric string) bool {
	return slices.ContainsFunc(e.of(alarms...), func(a *Resource) bool {
		measures := []value{{a.Properties}}
		for _, m := range a.at("Metrics").each() {
			measures = append(measures, m.at("MetricStat", "Metric"))
		}
		return slices.ContainsFunc(measures, func(m value) bool {
			return m.at("MetricName").text() == metric &&
				slices.ContainsFunc(m.at("Dimensions").each(), func(d value) bool { return linked(d.at("Value"), r) })
		})
	})
}

func topicSilent(e *Estate, r *Resource) string {
	alarmed := slices.ContainsFunc(e.uses[r], func(u use) bool { return u.by != nil && u.at == "AlarmActions" })
	heard := slices.ContainsFunc(e.of("AWS::SNS::Subscription"), func(s *Resource) bool { return linked(s.at("TopicArn"), r) })
	return unless(!alarmed || heard || r.at("Subscription").there(), "it has no subscription")
}

// budget wants one where something runs that costs by load.
func budget(e *Estate, _ *Resource) string {
	runs := len(e.of("AWS::ECS::Service", "AWS::CloudFront::Distribution")) > 0
	for _, b := range e.of("AWS::Budgets::Budget") {
		if b.at("NotificationsWithSubscribers").there() {
			return ""
		}
	}
	return unless(!runs, "there is no budget that notifies anyone")
}

// unused tells of parts that nothing but their own names and policies leads to.
func unused(e *Estate, r *Resource) string {
	used := slices.ContainsFunc(e.uses[r], func(u use) bool { return u.by == nil || u.by != r && u.by.Type != "AWS::KMS::Alias" })
	attached := r.at("InstanceId").there() // an address
	return unless(used || attached, "nothing in these templates uses it")
}

// stackSize tells of four fifths of CloudFormation's limits: 500 resources and 1 MB.
func stackSize(_ *Estate, r *Resource) string {
	n, size := r.at("Resources").number(0), r.at("Bytes").number(0)
	return unless(n < 400 && size < 800_000, fmt.Sprintf("it has %g resources of 500 and %g bytes of 1000000", n, size))
}
