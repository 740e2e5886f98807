package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecr"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"

	"github.com/plinth3d/plinth/infra/role"
)

// task is a role of the product in a container.
type task struct {
	id          string   // of what is made for it
	command     []string // a role and its flags
	env         map[string]string
	cpu, memory int  // units of 1/1024, MiB
	disk        int  // GiB of ephemeral storage
	probed      bool // it answers at its other port
	grants      []grant
	why         string // what of the grants is on more than one thing

	scratch awsefs.FileSystem  // instead of the task's own disk; nil is that
	access  awsefs.AccessPoint // where on it
	machine bool               // on a machine of ours, not on Fargate
}

// container makes the definition of a task: read-only but for two volumes, nobody's user, no
// capability, and two minutes for SIGTERM, which is all that a Spot interruption leaves.
func (s *site) container(st awscdk.Stack, t task) awsecs.TaskDefinition {
	may := awsiam.NewRole(st, new("Role"+t.id), &awsiam.RoleProps{AssumedBy: service("ecs-tasks"), Description: new("What " + t.id + " may call")})
	give(may, t.grants)
	if t.why != "" {
		accept(may, "AwsSolutions-IAM5", t.why)
	}
	p := &awsecs.TaskDefinitionProps{
		Compatibility: awsecs.Compatibility_FARGATE, Family: new(s.Name() + "-" + t.id), TaskRole: may, NetworkMode: awsecs.NetworkMode_AWS_VPC,
		Cpu: new(number(t.cpu)), MemoryMiB: new(number(t.memory)),
		RuntimePlatform: &awsecs.RuntimePlatform{CpuArchitecture: awsecs.CpuArchitecture_ARM64(), OperatingSystemFamily: awsecs.OperatingSystemFamily_LINUX()},
		Volumes:         &[]*awsecs.Volume{{Name: new("tmp")}, t.volume()},
	}
	if t.disk > 0 {
		p.EphemeralStorageGiB = new(float64(t.disk))
	}
	if t.machine { // whose processor is what it is
		p.Compatibility, p.RuntimePlatform = awsecs.Compatibility_EC2, nil
	}
	def := awsecs.NewTaskDefinition(st, new("Task"+t.id), p)
	accept(def, "AwsSolutions-ECS2", "The environment has names of things and no secrets; a task definition is where they belong.")
	s.run(st, def, t)
	accept(def.ExecutionRole(), "AwsSolutions-IAM5", "To log in to ECR, ecr:GetAuthorizationToken, takes no resource.")
	return def
}

func (t *task) volume() *awsecs.Volume {
	v := &awsecs.Volume{Name: new("scratch")}
	if t.scratch != nil {
		v.EfsVolumeConfiguration = &awsecs.EfsVolumeConfiguration{
			FileSystemId: t.scratch.FileSystemId(), TransitEncryption: new("ENABLED"),
			AuthorizationConfig: &awsecs.AuthorizationConfig{AccessPointId: t.access.AccessPointId(), Iam: new("ENABLED")},
		}
	}
	return v
}

func (s *site) run(st awscdk.Stack, def awsecs.TaskDefinition, t task) {
	env := map[string]*string{"AWS_REGION": &s.Region, "TMPDIR": new("/tmp")}
	for k, v := range t.env {
		env[k] = new(v)
	}
	linux := awsecs.NewLinuxParameters(st, new("Linux"+t.id), &awsecs.LinuxParametersProps{InitProcessEnabled: new(false)})
	linux.DropCapabilities(awsecs.Capability_ALL)
	var health *awsecs.HealthCheck
	if t.probed {
		health = &awsecs.HealthCheck{Command: texts(role.Probe()...), Interval: seconds(30), Timeout: seconds(5), Retries: new(3.0), StartPeriod: seconds(30)}
	}
	c := def.AddContainer(new("plinth"), &awsecs.ContainerDefinitionOptions{
		HealthCheck: health,
		Image:       awsecs.ContainerImage_FromEcrRepository(awsecr.Repository_FromRepositoryName(st, new("Image"+t.id), &s.Image.Repository), &s.Image.Tag),
		Command:     texts(t.command...), Environment: &env, Essential: new(true),
		ReadonlyRootFilesystem: new(true), User: new(fmt.Sprintf("%d:%[1]d", role.User)), LinuxParameters: linux, StopTimeout: seconds(120), MemoryLimitMiB: new(float64(t.memory)),
		Ulimits: &[]*awsecs.Ulimit{{Name: awsecs.UlimitName_NOFILE, SoftLimit: new(65536.0), HardLimit: new(65536.0)}},
		Logging: awsecs.LogDriver_AwsLogs(&awsecs.AwsLogDriverProps{
			LogGroup: s.logs(st, "Logs"+t.id, t.id), StreamPrefix: &t.id,
			// A log that can't be written to must not hold up a shopper.
			Mode: awsecs.AwsLogDriverMode_NON_BLOCKING, MaxBufferSize: awscdk.Size_Mebibytes(new(16.0)),
		}),
	})
	c.AddMountPoints(
		&awsecs.MountPoint{SourceVolume: new("tmp"), ContainerPath: new("/tmp"), ReadOnly: new(false)},
		&awsecs.MountPoint{SourceVolume: new("scratch"), ContainerPath: new(role.Scratch), ReadOnly: new(false)},
	)
}
