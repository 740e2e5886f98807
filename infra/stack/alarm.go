package stack

import (
	"fmt"
	"strings"

	cw "github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"

	"github.com/plinth3d/plinth/infra/names"
)

// alarm is one thing that wakes somebody. Its name is the heading of its entry in the runbook.
type alarm struct {
	name    string
	what    string // is wrong when it rings
	metric  cw.IMetric
	over    float64 // rings above
	under   bool    // rings below instead
	minutes int     // a datapoint; 0 is 1
	of, in  int     // rings after so many of so many datapoints; 0 is 3 of 5
	silence bool    // missing data is bad, too
}

// Names of alarms that others go by.
const originsHealthy = "no-healthy-origin"

// alarmName is an alarm's name in CloudWatch.
func (s *site) alarmName(name string) string { return s.Name() + "-" + name }

// metric is one of AWS or of ours. Dimensions are name, value, ...
func metric(namespace, name, statistic string, minute int, dimensions ...string) cw.Metric {
	ds := map[string]*string{}
	for i := 0; i < len(dimensions); i += 2 {
		ds[dimensions[i]] = &dimensions[i+1]
	}
	return cw.NewMetric(&cw.MetricProps{Namespace: &namespace, MetricName: &name, Statistic: &statistic, Period: minutes(minute), DimensionsMap: &ds})
}

// ours is a metric that the product writes.
func ours(name, statistic string, minute int, dimensions ...string) cw.Metric {
	return metric(names.Namespace, name, statistic, minute, dimensions...)
}

// jobs is how many attempts ended so.
func jobs(outcome string) cw.Metric { return ours(names.Jobs, "Sum", 5, "outcome", outcome) }

// answers is how many requests the origin answered so.
func answers(status string) cw.Metric { return ours(names.Requests, "Sum", 1, "status", status) }

// sum is what some metrics come to, each of which may be silent.
func sum(minute int, all ...cw.IMetric) cw.IMetric {
	using := map[string]cw.IMetric{}
	var terms []string
	for i, m := range all {
		id := fmt.Sprintf("part%d", i)
		using[id] = m
		terms = append(terms, "FILL("+id+",0)")
	}
	return cw.NewMathExpression(&cw.MathExpressionProps{Expression: new(strings.Join(terms, "+")), UsingMetrics: &using, Period: minutes(minute)})
}

// ratio is the sum of some metrics over the sum of others, 0 where there are none.
func ratio(minute int, parts, whole []cw.IMetric) cw.IMetric {
	using := map[string]cw.IMetric{}
	add := func(prefix string, all []cw.IMetric) string {
		var terms []string
		for i, m := range all {
			id := fmt.Sprintf("%s%d", prefix, i)
			using[id] = m
			terms = append(terms, "FILL("+id+",0)")
		}
		return "(" + strings.Join(terms, "+") + ")"
	}
	part, all := add("part", parts), add("whole", whole)
	return cw.NewMathExpression(&cw.MathExpressionProps{
		Expression: new("IF(" + all + " > 0, " + part + "/" + all + ", 0)"), UsingMetrics: &using, Period: minutes(minute),
	})
}
