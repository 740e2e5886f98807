package stack

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"

	"github.com/plinth3d/plinth/infra/role"
)

// fleet is the workers, and what else of the product runs beside them.
type fleet struct {
	stack   awscdk.Stack
	cluster awsecs.Cluster
	workers awsecs.FargateService
	large   *large // nil without one
}

func (s *site) fleet(n *network, q *queues, d *data) *fleet {
	st := s.stack("fleet", "workers, the pre-check of uploads")
	f := &fleet{stack: st, cluster: awsecs.NewCluster(st, new("Cluster"), &awsecs.ClusterProps{
		ClusterName: new(s.Name()), Vpc: n.vpc, ContainerInsightsV2: awsecs.ContainerInsights_ENABLED,
	})}
	providers := s.providers(f, n)
	t := s.worker(q, d, "worker", s.Fleet.CPU, s.Fleet.MemoryMiB)
	if l := s.Fleet.Large; l != nil {
		t.command = append(t.command, role.Beside(l.MemoryMiB)...)
	}
	t.disk = s.Fleet.ScratchGiB
	if s.Fleet.EFS {
		s.shared(f, n, &t)
	}
	def := s.container(st, t)
	f.workers = awsecs.NewFargateService(st, new("Workers"), &awsecs.FargateServiceProps{
		ServiceName: new(s.Name() + "-worker"), Cluster: f.cluster, TaskDefinition: def,
		VpcSubnets: n.tasks, SecurityGroups: &[]awsec2.ISecurityGroup{n.workers}, AssignPublicIp: new(false),
		// Those that are always there are not taken away; what a backlog adds may be.
		CapacityProviderStrategies: &[]*awsecs.CapacityProviderStrategy{
			{CapacityProvider: new("FARGATE"), Base: new(float64(s.Fleet.OnDemand)), Weight: new(0.0)},
			{CapacityProvider: new("FARGATE_SPOT"), Weight: new(1.0)},
		},
		MinHealthyPercent: new(100.0), MaxHealthyPercent: new(200.0),
		CircuitBreaker:              &awsecs.DeploymentCircuitBreaker{Enable: new(true), Rollback: new(true)},
		AvailabilityZoneRebalancing: awsecs.AvailabilityZoneRebalancing_ENABLED,
		EnableECSManagedTags:        new(true), PropagateTags: awsecs.PropagatedTagSource_SERVICE,
	})
	f.workers.Node().AddDependency(providers)
	if t.scratch != nil { // a task that can't mount it doesn't start, and a few of these end the deployment
		f.workers.Node().AddDependency(t.scratch.MountTargetsAvailable())
	}
	s.scaleWorkers(f, q)
	if f.large != nil {
		s.largeMeshes(f, q, d)
	}
	if s.Precheck {
		s.precheck(st, q, d)
	}
	s.operator(f, n, q, d)
	return f
}

// providers are where tasks of the cluster may run.
func (s *site) providers(f *fleet, n *network) awsecs.CfnClusterCapacityProviderAssociations {
	all := []any{"FARGATE", "FARGATE_SPOT"}
	if s.Fleet.Large != nil {
		f.large = s.large(f, n)
		all = append(all, f.large.provider.Ref())
	}
	return awsecs.NewCfnClusterCapacityProviderAssociations(f.stack, new("Providers"), &awsecs.CfnClusterCapacityProviderAssociationsProps{
		Cluster: f.cluster.ClusterName(), CapacityProviders: &all, DefaultCapacityProviderStrategy: []any{},
	})
}

// worker is the role that makes levels.
func (s *site) worker(q *queues, d *data, id string, cpu, memory int) task {
	return task{
		id: id, cpu: cpu, memory: memory, probed: true, grants: s.workerGrants(q, d),
		why:     "A worker reads and writes objects whose names are hashes, below some prefixes.",
		command: role.Worker(s.Config, d.where()), env: role.Limit(memory),
	}
}

// shared gives workers scratch on EFS.
func (s *site) shared(f *fleet, n *network, t *task) {
	fs := awsefs.NewFileSystem(f.stack, new("Scratch"), &awsefs.FileSystemProps{
		Vpc: n.vpc, VpcSubnets: n.data, SecurityGroup: n.scratch, Encrypted: new(true), RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
		ThroughputMode: awsefs.ThroughputMode_ELASTIC, AllowAnonymousAccess: new(false), LifecyclePolicy: awsefs.LifecyclePolicy_AFTER_1_DAY,
	})
	t.scratch = fs
	t.access = fs.AddAccessPoint(new("Worker"), &awsefs.AccessPointOptions{
		Path: new("/worker"), CreateAcl: &awsefs.Acl{OwnerUid: new("65532"), OwnerGid: new("65532"), Permissions: new("0700")},
		PosixUser: &awsefs.PosixUser{Uid: new("65532"), Gid: new("65532")},
	})
	t.grants = append(t.grants, grant{
		actions: []string{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}, on: []*string{fs.FileSystemArn()},
		conditions: map[string]any{"StringEquals": map[string]any{"elasticfilesystem:AccessPointArn": t.access.AccessPointArn()}},
	})
}

// operator is a task that people start, with `merchants`, `keys`, `jobs`, `sweep` or `batch`
// for its command: the one that may log in to the ledger.
func (s *site) operator(f *fleet, n *network, q *queues, d *data) {
	t := task{
		command: []string{"version"}, id: "operator", cpu: 1024, memory: 2048, grants: s.operatorGrants(q, d),
		why: "Whoever acts by hand reads, writes and removes objects whose names are hashes, below some prefixes.",
		env: map[string]string{
			"PLINTH_STORE": "s3://" + *d.derived.BucketName(), "PLINTH_CATALOG": "dynamodb://" + s.Catalog(), "PLINTH_QUEUE": "sqs://" + s.Name(),
			"PLINTH_DATA": role.Scratch,
		},
	}
	if d.ledger != nil {
		t.env["PLINTH_LEDGER"] = d.ledger.url()
	}
	s.container(f.stack, t)
	subnets := awscdk.Fn_Join(new(","), n.vpc.SelectSubnets(n.tasks).SubnetIds)
	awscdk.NewCfnOutput(f.stack, new("OperatorNetwork"), &awscdk.CfnOutputProps{
		Value:       new("awsvpcConfiguration={subnets=[" + *subnets + "],securityGroups=[" + *n.operators.SecurityGroupId() + "]}"),
		Description: new("For aws ecs run-task --network-configuration"),
	})
}

func number(n int) string { return strconv.Itoa(n) }

// where are the buckets, for those who are started.
func (d *data) where() role.Where {
	return role.Where{Derived: *d.derived.BucketName(), Raw: *d.raw.BucketName()}
}
