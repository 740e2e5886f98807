package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
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

// period is a datapoint's length.
func (a *alarm) period() awscdk.Duration { return minutes(max(a.minutes, 1)) }

// metric is one of AWS or of ours. Dimensions are name, value, ...
func metric(namespace, name, statistic string, minute int, dimensions ...string) cw.Metric {
	ds := map[string]*string{}
	for i := 0; i < len(dimensions); i += 2 {
		ds[dimensions[i]] = &dimensions[i+1]
	}
	return cw.NewMetric(&cw.MetricProps{Namespace: &namespace, MetricName: &name, Statistic: &statistic, Period: minutes(minute), DimensionsMap: &ds})
}

// ours is a metric that the product writes.
func ours(name, statistic, role string, minute int) cw.Metric {
	return metric(names.Namespace, name, statistic, minute, "Service", role)
}

// ratio is one metric over the sum of others, 0 where there are none.
func ratio(minute int, part cw.IMetric, whole ...cw.IMetric) cw.IMetric {
	using := map[string]cw.IMetric{"part": part}
	sum := ""
	for i, m := range whole {
		id := fmt.Sprintf("whole%d", i)
		using[id] = m
		sum += "+FILL(" + id + ",0)"
	}
	return cw.NewMathExpression(&cw.MathExpressionProps{
		Expression: new("IF(" + sum[1:] + " > 0, FILL(part,0)/(" + sum[1:] + "), 0)"), UsingMetrics: &using, Period: minutes(minute),
	})
}
