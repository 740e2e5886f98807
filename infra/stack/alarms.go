package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	cw "github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"

	"github.com/plinth3d/plinth/infra/names"
)

// patience is how long the oldest job of a lane may wait, in seconds.
var patience = map[string]float64{names.Uploads: 120, "interactive": 300, "bulk": 3600, "backfill": 43200}

// alarms are all of them, in the order of the runbook.
func (s *site) alarms(st awscdk.Stack, p parts) []alarm {
	all := append(s.queueAlarms(p), s.workAlarms(p)...)
	all = append(all, s.originAlarms(p)...)
	if p.e != nil {
		all = append(all, s.edgeAlarms(st, p)...)
	}
	return append(all, s.dataAlarms(p)...)
}

func (s *site) queueAlarms(p parts) (all []alarm) {
	for _, l := range p.q.all() {
		all = append(all, alarm{
			name: "old-" + l.name, what: "Jobs of lane " + l.name + " wait too long",
			metric: waiting(*l.jobs.QueueName()), over: patience[l.name],
		}, alarm{
			name: "dead-" + l.name, what: "Lane " + l.name + " has dead letters",
			metric: metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 1, "QueueName", *l.dead.QueueName()), over: 0, of: 1, in: 1,
		})
	}
	return all
}

// waiting is the age in seconds of the oldest message of a queue, 0 while none waits. SQS counts
// those in flight, too: by itself a job that takes long would ring as one that nobody takes.
func waiting(queue string) cw.IMetric {
	using := map[string]cw.IMetric{
		"age":     metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 1, "QueueName", queue),
		"visible": metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 1, "QueueName", queue),
	}
	return cw.NewMathExpression(&cw.MathExpressionProps{Expression: new("IF(FILL(visible,0) > 0, age, 0)"), UsingMetrics: &using, Period: minutes(1)})
}

func (s *site) workAlarms(p parts) []alarm {
	waiting, sum := map[string]cw.IMetric{}, ""
	for i, l := range p.q.lanes {
		id := fmt.Sprintf("waiting%d", i)
		waiting[id] = metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 5, "QueueName", *l.jobs.QueueName())
		sum += "+FILL(" + id + ",0)"
	}
	waiting["running"] = metric("ECS/ContainerInsights", "RunningTaskCount", "Average", 5, "ClusterName", *p.f.cluster.ClusterName(), "ServiceName", *p.f.workers.ServiceName())
	backlog := cw.NewMathExpression(&cw.MathExpressionProps{Expression: new("(" + sum[1:] + ")/IF(FILL(running,0) > 1, running, 1)"), UsingMetrics: &waiting, Period: minutes(5)})
	done, retried, buried := jobs("done"), jobs("retried"), jobs("buried")
	all := []alarm{
		{name: "backlog", what: "Each worker has far more jobs before it than scaling allows", metric: backlog, over: 10 * s.Fleet.Backlog, minutes: 5, of: 6, in: 6},
		{name: "jobs-buried", what: "More than a twentieth of jobs are buried", metric: ratio(5, []cw.IMetric{buried}, []cw.IMetric{done, buried}), over: .05, minutes: 5},
		{name: "jobs-retried", what: "More than a tenth of attempts fail", metric: ratio(5, []cw.IMetric{retried}, []cw.IMetric{done, retried, buried}), over: .1, minutes: 5},
		{name: "jobs-slow", what: "One job in twenty takes longer than five minutes", metric: ours(names.JobSeconds, "p95", 5, "outcome", "done"), over: 300, minutes: 5},
		{name: "jobs-cramped", what: "One job in twenty waits longer than a minute for memory", metric: ours(names.JobWait, "p95", 5), over: 60, minutes: 5, of: 6, in: 6},
	}
	if p.f.large != nil {
		all = append(all, alarm{name: "jobs-large", what: "Jobs wait for a machine with more memory", metric: jobs("elsewhere"), over: 0, minutes: 5, of: 1, in: 1})
	}
	if s.Precheck {
		name := s.precheckName()
		all = append(all,
			alarm{name: "precheck-fails", what: "The pre-check of uploads ends in errors", metric: metric("AWS/Lambda", "Errors", "Sum", 1, "FunctionName", name), over: 0},
			alarm{name: "precheck-throttled", what: "The pre-check of uploads has no function free", metric: metric("AWS/Lambda", "Throttles", "Sum", 1, "FunctionName", name), over: 0})
	}
	return all
}

func (s *site) originAlarms(p parts) []alarm {
	balancer, group := *p.o.balancer.LoadBalancerFullName(), *p.o.targets.TargetGroupFullName()
	healthy := func(statistic string) cw.Metric {
		return metric("AWS/ApplicationELB", "HealthyHostCount", statistic, 1, "LoadBalancer", balancer, "TargetGroup", group)
	}
	requests := metric("AWS/ApplicationELB", "RequestCount", "Sum", 1, "LoadBalancer", balancer)
	return []alarm{
		{name: originsHealthy, what: "No origin of the region is healthy", metric: healthy("Maximum"), over: 1, under: true, of: 2, in: 2, silence: true},
		{name: "origins-missing", what: "Fewer origins are healthy than there should be at least", metric: healthy("Minimum"), over: float64(s.Origin.PerZone * len(s.Zones)), under: true, of: 10, in: 10, silence: true},
		{name: "origin-errors", what: "More than one request in a hundred gets 500 or above", metric: ratio(1, []cw.IMetric{answers("500"), answers("503")}, []cw.IMetric{requests}), over: .01},
		{name: "origin-refused", what: "The balancer itself answers 500 or above: no origin takes requests", metric: metric("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", 1, "LoadBalancer", balancer), over: 10},
		{name: "origin-slow", what: "One request in a hundred waits longer than a second for its answer to begin", metric: metric("AWS/ApplicationELB", "TargetResponseTime", "p99", 1, "LoadBalancer", balancer), over: 1},
		{name: "origin-misses", what: "Less than half of the files come from the caches of origins", metric: ratio(15, []cw.IMetric{ours(names.Objects, "Sum", 15, "layer", "store")}, []cw.IMetric{ours(names.Objects, "Sum", 15)}), over: .5, minutes: 15, of: 4, in: 4},
		{name: "backend-errors", what: "Reads of the store or the catalog fail", metric: sum(1, ours(names.BackendErrors, "Sum", 1), ours(names.Manifests, "Sum", 1, "outcome", "failed")), over: 10},
	}
}

func (s *site) edgeAlarms(st awscdk.Stack, p parts) []alarm {
	edge := func(name, statistic string, minute int) cw.Metric {
		return metric("AWS/CloudFront", name, statistic, minute, "DistributionId", *p.e.distribution.Ref(), "Region", "Global")
	}
	function := func(name, of string) cw.Metric {
		return metric("AWS/CloudFront", name, "Sum", 1, "FunctionName", s.Name()+"-"+of, "Region", "Global")
	}
	return []alarm{
		{name: "edge-errors", what: "More than one request in a hundred at the edge gets 500 or above", metric: edge("5xxErrorRate", "Average", 1), over: 1},
		{name: "edge-hits", what: "Less than four requests in five are answered from the edge's caches", metric: edge("CacheHitRate", "Average", 15), over: 80, under: true, minutes: 15, of: 4, in: 4},
		{name: "edge-slow", what: "One request in ten to the origin takes longer than a second", metric: edge("OriginLatency", "p90", 5), over: 1000, minutes: 5},
		{name: "edge-blocked", what: "The firewall blocks very many requests: an attack, or a rule that is wrong", metric: metric("AWS/WAFV2", "BlockedRequests", "Sum", 5, "WebACL", p.e.firewallName, "Rule", "ALL"), over: 10 * float64(s.Edge.Rate), minutes: 5},
		{name: "edge-class-function", what: "The function that finds a device's class fails", metric: function("FunctionExecutionErrors", "class"), over: 0},
		{name: "edge-rendition-function", what: "The function that finds files fails", metric: function("FunctionExecutionErrors", "rendition"), over: 0},
		{name: "edge-outside", what: "Checkers on three continents don't get an answer", metric: metric("AWS/Route53", "HealthCheckStatus", "Minimum", 1, "HealthCheckId", *s.outside(st).AttrHealthCheckId()), over: 1, under: true, silence: true},
	}
}

func (s *site) dataAlarms(p parts) []alarm {
	table := func(name string) cw.Metric {
		return metric("AWS/DynamoDB", name, "Sum", 1, "TableName", s.Catalog())
	}
	all := []alarm{
		{name: "catalog-reads-throttled", what: "DynamoDB refuses reads of the catalog", metric: table("ReadThrottleEvents"), over: 0},
		{name: "catalog-writes-throttled", what: "DynamoDB refuses writes to the catalog", metric: table("WriteThrottleEvents"), over: 0},
		{name: "backup-failed", what: "A backup was not made", metric: metric("AWS/Backup", "NumberOfBackupJobsFailed", "Sum", 60, "BackupVaultName", s.vaultName()), over: 0, minutes: 60, of: 1, in: 1},
	}
	if s.Primary == "" {
		all = append(all, alarm{
			name: "backup-missing", what: "In a day fewer backups were made than there should be", silence: true,
			metric: metric("AWS/Backup", "NumberOfBackupJobsCompleted", "Sum", 1440, "BackupVaultName", s.vaultName()), over: s.backups(), under: true, minutes: 1440, of: 1, in: 1,
		})
	}
	if p.d.ledger != nil {
		all = append(all, s.ledgerAlarms()...)
	}
	if s.Standby == nil {
		return all
	}
	all = append(all,
		alarm{name: "copy-failed", what: "A backup was not copied to the other region", metric: s.copiesFailed(), over: 0, minutes: 60, of: 1, in: 1},
		alarm{name: "catalog-behind", what: "The standby's catalog is more than a minute behind", metric: metric("AWS/DynamoDB", "ReplicationLatency", "Average", 1, "TableName", s.Catalog(), "ReceivingRegion", s.Standby.Region), over: 60_000})
	for _, name := range []string{"raw", "derived"} {
		all = append(all, alarm{
			name: name + "-behind", what: "Objects of " + name + " reach the standby later than 15 minutes", over: 900, minutes: 5,
			metric: metric("AWS/S3", "ReplicationLatency", "Maximum", 5, "SourceBucket", s.bucketName(p.d.stack, name), "DestinationBucket", bucketName(p.d.stack, s.Standby.Env, s.Standby.Region, name), "RuleId", "standby"),
		})
	}
	return all
}

// backups is how many there are in a day at least: one of the catalog, and of the ledger one and
// nearly all of its hours.
func (s *site) backups() float64 {
	if s.Ledger.Instances > 0 {
		return 2 + 20
	}
	return 1
}

// copiesFailed counts under the name of either vault: a copy has two, and AWS Backup doesn't say
// under which it counts. There is no count without a vault.
func (s *site) copiesFailed() cw.IMetric {
	failed := func(vault string) cw.IMetric {
		return metric("AWS/Backup", "NumberOfCopyJobsFailed", "Sum", 60, "BackupVaultName", vault)
	}
	return sum(60, failed(s.vaultName()), failed(vaultName(s.Standby.Env)))
}

func (s *site) ledgerAlarms() []alarm {
	cluster := func(name, statistic string) cw.Metric {
		return metric("AWS/RDS", name, statistic, 5, "DBClusterIdentifier", s.Name()+"-ledger")
	}
	return []alarm{
		{name: "ledger-full", what: "The ledger uses nearly all of the capacity that it may", metric: cluster("ACUUtilization", "Maximum"), over: 90, minutes: 5},
		{name: "ledger-connections", what: "The ledger has very many connections", metric: cluster("DatabaseConnections", "Maximum"), over: 400, minutes: 5},
	}
}
