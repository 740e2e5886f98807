package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
)

// large is machines for meshes that no ordinary worker holds, and leaves to them. There are
// none while nobody asks: operators start tasks on them when jobs-large rings.
type large struct {
	group    awsautoscaling.CfnAutoScalingGroup
	provider awsecs.CfnCapacityProvider
}

// machineDisk is a machine's disk: the image, logs on their way, and scratch.
const machineDisk = 200.0 // GiB

func (s *site) large(f *fleet, n *network) *large {
	l := &large{group: s.machines(f, n)}
	l.provider = awsecs.NewCfnCapacityProvider(f.stack, new("LargeProvider"), &awsecs.CfnCapacityProviderProps{
		Name: new(s.Name() + "-large"),
		AutoScalingGroupProvider: &awsecs.CfnCapacityProvider_AutoScalingGroupProviderProperty{
			AutoScalingGroupArn: l.group.Ref(), ManagedDraining: new("ENABLED"), ManagedTerminationProtection: new("ENABLED"),
			ManagedScaling: &awsecs.CfnCapacityProvider_ManagedScalingProperty{Status: new("ENABLED"), TargetCapacity: new(100.0), InstanceWarmupPeriod: new(120.0)},
		},
	})
	return l
}

// largeMeshes is the task for them. It has all lanes, since what is left to it is in any.
func (s *site) largeMeshes(f *fleet, q *queues, d *data) {
	t := s.worker(q, d, "large", s.Fleet.Large.CPU, s.Fleet.Large.MemoryMiB)
	t.machine = true
	s.container(f.stack, t)
}

// machines are those of a group that ECS makes larger and smaller.
func (s *site) machines(f *fleet, n *network) awsautoscaling.CfnAutoScalingGroup {
	st := f.stack
	role := awsiam.NewRole(st, new("Machine"), &awsiam.RoleProps{AssumedBy: service("ec2"), Description: new("What a machine of the cluster may call")})
	give(role, []grant{
		// What is done to the cluster. ECS tells ecs:cluster of what is done to a machine only.
		{actions: []string{
			"ecs:DeregisterContainerInstance", "ecs:RegisterContainerInstance",
			"ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange",
		}, on: []*string{f.cluster.ClusterArn()}},
		{
			actions: []string{"ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState"},
			on:      []*string{new("*")}, conditions: map[string]any{"ArnEquals": map[string]any{"ecs:cluster": f.cluster.ClusterArn()}},
		},
		{actions: []string{"ecs:DiscoverPollEndpoint", "ecr:GetAuthorizationToken"}, on: []*string{new("*")}},
	})
	accept(role, "AwsSolutions-IAM5", "A machine has no name before it is there; the condition binds it to its cluster. Two calls take no resource.")
	profile := awsiam.NewCfnInstanceProfile(st, new("MachineProfile"), &awsiam.CfnInstanceProfileProps{Roles: &[]any{role.RoleName()}})
	data := awscdk.Fn_Base64(new("#!/bin/sh\ncat > /etc/ecs/ecs.config <<END\nECS_CLUSTER=" + s.Name() + "\nECS_ENABLE_SPOT_INSTANCE_DRAINING=true\nECS_CONTAINER_STOP_TIMEOUT=120s\nECS_AWSVPC_BLOCK_IMDS=true\nEND\n"))
	template := awsec2.NewCfnLaunchTemplate(st, new("MachineTemplate"), &awsec2.CfnLaunchTemplateProps{
		LaunchTemplateData: &awsec2.CfnLaunchTemplate_LaunchTemplateDataProperty{
			ImageId:            awsssm.StringParameter_ValueForTypedStringParameterV2(st, new("/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"), awsssm.ParameterValueType_AWS_EC2_IMAGE_ID, nil),
			InstanceType:       &s.Fleet.Large.Instance,
			IamInstanceProfile: &awsec2.CfnLaunchTemplate_IamInstanceProfileProperty{Arn: profile.AttrArn()},
			SecurityGroupIds:   &[]*string{n.workers.SecurityGroupId()},
			UserData:           data,
			Monitoring:         &awsec2.CfnLaunchTemplate_MonitoringProperty{Enabled: true},
			MetadataOptions:    &awsec2.CfnLaunchTemplate_MetadataOptionsProperty{HttpTokens: new("required"), HttpPutResponseHopLimit: new(1.0)},
			BlockDeviceMappings: []any{&awsec2.CfnLaunchTemplate_BlockDeviceMappingProperty{
				DeviceName: new("/dev/xvda"), Ebs: &awsec2.CfnLaunchTemplate_EbsProperty{VolumeSize: new(machineDisk), VolumeType: new("gp3"), Encrypted: true, DeleteOnTermination: true},
			}},
		},
	})
	group := awsautoscaling.NewCfnAutoScalingGroup(st, new("Machines"), &awsautoscaling.CfnAutoScalingGroupProps{
		MinSize: new("0"), MaxSize: new(number(s.Fleet.Large.Max)), VpcZoneIdentifier: subnetIDs(n, n.tasks), NewInstancesProtectedFromScaleIn: true,
		LaunchTemplate:      &awsautoscaling.CfnAutoScalingGroup_LaunchTemplateSpecificationProperty{LaunchTemplateId: template.Ref(), Version: template.AttrLatestVersionNumber()},
		MetricsCollection:   []any{&awsautoscaling.CfnAutoScalingGroup_MetricsCollectionProperty{Granularity: new("1Minute")}},
		MaxInstanceLifetime: new(float64(14 * 86400)), // so that none misses two weeks of patches
	})
	accept(group, "AwsSolutions-AS3", "Machines come and go with tasks, whose failures have alarms; a mail for each would be noise.")
	return group
}
