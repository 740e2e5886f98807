package stack

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/plinth3d/plinth/infra/names"
)

// target is what a service's number of tasks is kept by.
type target struct {
	service awsecs.FargateService
	id      string
	min     int
	max     int
	out, in int // cooldowns, seconds
}

// track keeps what the last of the metrics tells at value.
func (f *fleet) track(st awscdk.Stack, t target, value float64, metrics []any) {
	resource := awscdk.Fn_Join(new("/"), &[]*string{new("service"), f.cluster.ClusterName(), t.service.ServiceName()})
	scalable := awsapplicationautoscaling.NewCfnScalableTarget(st, new(t.id+"Tasks"), &awsapplicationautoscaling.CfnScalableTargetProps{
		MinCapacity: new(float64(t.min)), MaxCapacity: new(float64(t.max)),
		ResourceId: resource, ScalableDimension: new("ecs:service:DesiredCount"), ServiceNamespace: new("ecs"),
	})
	scalable.Node().AddDependency(t.service)
	awsapplicationautoscaling.NewCfnScalingPolicy(st, new(t.id+"Scaling"), &awsapplicationautoscaling.CfnScalingPolicyProps{
		PolicyName: new(t.id), PolicyType: new("TargetTrackingScaling"), ScalingTargetId: scalable.Ref(),
		TargetTrackingScalingPolicyConfiguration: &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingScalingPolicyConfigurationProperty{
			TargetValue: &value, ScaleOutCooldown: new(float64(t.out)), ScaleInCooldown: new(float64(t.in)),
			CustomizedMetricSpecification: &awsapplicationautoscaling.CfnScalingPolicy_CustomizedMetricSpecificationProperty{Metrics: metrics},
		},
	})
}

// scaleWorkers keeps the jobs that wait for each task at what the configuration says. Jobs
// of all lanes count: the lanes' weights say which are done first, not how many workers
// there are. Where nobody works one job is too many, or a few would wait forever.
func (s *site) scaleWorkers(f *fleet, q *queues) {
	var metrics []any
	var waiting []string
	for i, l := range q.lanes {
		id := fmt.Sprintf("waiting%d", i)
		waiting = append(waiting, "FILL("+id+",0)")
		metrics = append(metrics, measure(id, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", "QueueName", *l.jobs.QueueName()))
	}
	metrics = append(metrics,
		measure("running", "ECS/ContainerInsights", "RunningTaskCount", "Average", "ClusterName", *f.cluster.ClusterName(), "ServiceName", *f.workers.ServiceName()),
		formula("backlog", fmt.Sprintf("(%[1]s) / IF(FILL(running,0) > 1, running, 1) + IF(FILL(running,0) < 1, IF(%[1]s > 0, %[2]g, 0), 0)", strings.Join(waiting, "+"), s.Fleet.Backlog)))
	f.track(f.stack, target{f.workers, "Workers", s.Fleet.Min, s.Fleet.Max, names.WorkersOut, names.WorkersIn}, s.Fleet.Backlog, metrics)
}

// measure is a metric that only feeds a formula.
func measure(id, namespace, name, statistic string, dimensions ...string) any {
	var ds []any
	for i := 0; i < len(dimensions); i += 2 {
		ds = append(ds, &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDimensionProperty{Name: &dimensions[i], Value: &dimensions[i+1]})
	}
	return &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDataQueryProperty{
		Id: &id, ReturnData: false,
		MetricStat: &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricStatProperty{
			Stat:   &statistic,
			Metric: &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricProperty{Namespace: &namespace, MetricName: &name, Dimensions: ds},
		},
	}
}

func formula(id, expression string) any {
	return &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDataQueryProperty{Id: &id, Expression: &expression, ReturnData: true}
}
