package stack

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"

	"github.com/plinth3d/plinth/infra/names"
)

// fleet is the workers, and what else of the product runs beside them.
type fleet struct {
	stack    awscdk.Stack
	cluster  awsecs.Cluster
	workers  awsecs.FargateService
	precheck *precheck // nil without one
	large    *large    // nil without one
}

// lanesFlag is what a worker serves, and how often each has its turn.
func lanesFlag() string {
	var all []string
	for _, l := range names.Lanes {
		all = append(all, l.Name+"="+strconv.Itoa(l.Weight))
	}
	return strings.Join(all, ",")
}

func (s *site) fleet(n *network, q *queues, d *data) *fleet {
	st := s.stack("fleet", "workers, the pre-check of uploads")
	f := &fleet{stack: st, cluster: awsecs.NewCluster(st, new("Cluster"), &awsecs.ClusterProps{
		ClusterName: new(s.Name()), Vpc: n.vpc, ContainerInsightsV2: awsecs.ContainerInsights_ENABLED,
	})}
	providers := s.providers(f, n)
	t := s.worker(q, d, "worker", lanesFlag(), s.Fleet.CPU, s.Fleet.MemoryMiB)
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
	s.scaleWorkers(f, q)
	if f.large != nil {
		s.largeMeshes(f, q, d)
	}
	if s.Precheck {
		f.precheck = s.precheck(st, q, d)
	}
	s.operator(f, q, d)
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

// worker is the role that makes levels, for some lanes.
func (s *site) worker(q *queues, d *data, id, lanes string, cpu, memory int) task {
	return task{
		role: "worker", id: id, cpu: cpu, memory: memory, grants: s.workerGrants(q, d),
		why: "A worker reads and writes objects whose names are hashes, below three prefixes, and asks two indexes of one table.",
		args: settings(
			"store", "s3://"+*d.derived.BucketName(), "catalog", "dynamodb://"+s.Catalog(),
			"queue", "sqs://"+s.Name(), "lanes", lanes, "raw", "s3://"+*d.raw.BucketName()+"/"+strings.TrimSuffix(names.Raw, "/"),
			"lease", fmt.Sprintf("%ds", names.Visibility), "slots", "1", "grace", "100s",
			"data", scratchPath, "metrics", "emf", "log", "json"),
		// A garbage collector that knows the limit works harder near it, rather than be killed.
		env: map[string]string{"GOMEMLIMIT": fmt.Sprintf("%dMiB", memory*9/10)},
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
func (s *site) operator(f *fleet, q *queues, d *data) {
	t := task{
		role: "version", id: "operator", cpu: 1024, memory: 2048, grants: s.operatorGrants(q, d),
		why: "Whoever acts by hand reads, writes and removes objects whose names are hashes, below some prefixes, and asks two indexes of one table.",
		env: map[string]string{
			"PLINTH_STORE": "s3://" + *d.derived.BucketName(), "PLINTH_CATALOG": "dynamodb://" + s.Catalog(), "PLINTH_QUEUE": "sqs://" + s.Name(),
			"PLINTH_DATA": scratchPath,
		},
	}
	if d.ledger != nil {
		t.env["PLINTH_LEDGER"] = d.ledger.url()
	}
	s.container(f.stack, t)
}

func number(n int) string { return strconv.Itoa(n) }
