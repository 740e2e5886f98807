package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	cw "github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"

	"github.com/plinth3d/plinth/infra/names"
)

// dashboard is one page: what shoppers see, what merchants wait for, what it costs.
func (s *site) dashboard(st awscdk.Stack, p parts) {
	page := cw.NewDashboard(st, new("Dashboard"), &cw.DashboardProps{DashboardName: new(s.Name()), DefaultInterval: awscdk.Duration_Hours(new(12.0))})
	row := func(widgets ...cw.IWidget) { page.AddWidgets(widgets...) }
	graph := func(title string, metrics ...cw.IMetric) cw.IWidget {
		return cw.NewGraphWidget(&cw.GraphWidgetProps{Title: &title, Width: new(8.0), Height: new(6.0), Left: &metrics})
	}
	if p.e != nil {
		edge := func(name, statistic string) cw.IMetric {
			return metric("AWS/CloudFront", name, statistic, 5, "DistributionId", *p.e.distribution.Ref(), "Region", "Global")
		}
		row(graph("Edge: requests", edge("Requests", "Sum")),
			graph("Edge: hits, %", edge("CacheHitRate", "Average")),
			graph("Edge: $ for a million views", s.viewCost(edge("Requests", "Sum"), edge("BytesDownloaded", "Sum"))),
			graph("Edge: errors, %", edge("4xxErrorRate", "Average"), edge("5xxErrorRate", "Average")))
	}
	requests := metric("AWS/ApplicationELB", "RequestCount", "Sum", 5, "LoadBalancer", *p.o.balancer.LoadBalancerFullName())
	row(graph("Origin: requests and errors", requests, answers("500"), answers("503")),
		graph("Origin: seconds until an answer begins", metric("AWS/ApplicationELB", "TargetResponseTime", "p50", 5, "LoadBalancer", *p.o.balancer.LoadBalancerFullName()), metric("AWS/ApplicationELB", "TargetResponseTime", "p99", 5, "LoadBalancer", *p.o.balancer.LoadBalancerFullName())),
		graph("Origin: files from memory, disk, store", ours(names.Objects, "Sum", 5, "layer", "memory"), ours(names.Objects, "Sum", 5, "layer", "disk"), ours(names.Objects, "Sum", 5, "layer", "store")))
	var waiting, ages []cw.IMetric
	for _, l := range p.q.all() {
		waiting = append(waiting, metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 5, "QueueName", *l.jobs.QueueName()))
		ages = append(ages, metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 5, "QueueName", *l.jobs.QueueName()))
	}
	row(graph("Jobs waiting", waiting...), graph("Oldest job, seconds", ages...),
		graph("Tasks", s.running(p, *p.f.workers.ServiceName()), s.running(p, *p.o.service.ServiceName())))
	row(graph("Jobs done, retried, buried", jobs("done"), jobs("retried"), jobs("buried")),
		graph("Job: seconds", ours(names.JobSeconds, "p50", 5, "outcome", "done"), ours(names.JobSeconds, "p95", 5, "outcome", "done")),
		graph("Cost of conversions, $", ours(names.JobDollars, "Sum", 5)))
}

// viewCost is what a million views cost by the requests and bytes of just now, at list
// prices.
func (s *site) viewCost(requests, bytes cw.IMetric) cw.IMetric {
	request, gb := s.prices.Edge()
	each := s.prices.Measured.View.Requests
	return cw.NewMathExpression(&cw.MathExpressionProps{
		Expression:   new(fmt.Sprintf("IF(requests > 0, (requests * %.10f + bytes / 1073741824 * %g) / requests * %g * 1000000, 0)", request, gb, each)),
		UsingMetrics: &map[string]cw.IMetric{"requests": requests, "bytes": bytes}, Label: new("$"), Period: minutes(5),
	})
}

// running is how many tasks a service has.
func (s *site) running(p parts, service string) cw.IMetric {
	return metric("ECS/ContainerInsights", "RunningTaskCount", "Average", 5, "ClusterName", *p.f.cluster.ClusterName(), "ServiceName", service)
}
