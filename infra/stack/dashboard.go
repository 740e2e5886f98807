package stack

import (
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
			graph("Edge: errors, %", edge("4xxErrorRate", "Average"), edge("5xxErrorRate", "Average")))
	}
	row(graph("Origin: requests and errors", ours(names.Requests, "Sum", "origin", 5), ours(names.RequestErrors, "Sum", "origin", 5)),
		graph("Origin: seconds", ours(names.RequestSeconds, "p50", "origin", 5), ours(names.RequestSeconds, "p99", "origin", 5)),
		graph("Origin: files from caches, from the store", ours(names.CacheHits, "Sum", "origin", 5), ours(names.CacheMisses, "Sum", "origin", 5)))
	var waiting, ages []cw.IMetric
	for _, l := range p.q.all() {
		waiting = append(waiting, metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 5, "QueueName", *l.jobs.QueueName()))
		ages = append(ages, metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 5, "QueueName", *l.jobs.QueueName()))
	}
	row(graph("Jobs waiting", waiting...), graph("Oldest job, seconds", ages...),
		graph("Tasks", s.running(p, *p.f.workers.ServiceName()), s.running(p, *p.o.service.ServiceName())))
	row(graph("Jobs done, retried, buried", ours(names.JobsDone, "Sum", "worker", 5), ours(names.JobsFailed, "Sum", "worker", 5), ours(names.JobsBuried, "Sum", "worker", 5)),
		graph("Job: seconds", ours(names.JobSeconds, "p50", "worker", 5), ours(names.JobSeconds, "p95", "worker", 5)),
		graph("Job: seconds until a worker takes it", ours(names.JobWait, "p50", "worker", 5), ours(names.JobWait, "p95", "worker", 5)))
}

// running is how many tasks a service has.
func (s *site) running(p parts, service string) cw.IMetric {
	return metric("ECS/ContainerInsights", "RunningTaskCount", "Average", 5, "ClusterName", *p.f.cluster.ClusterName(), "ServiceName", service)
}
