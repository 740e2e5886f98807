package doctor

import (
	"strings"
	"testing"
)

// fault is a sound set of templates with one thing changed, and what must be found then.
type fault struct {
	rule, stack, resource string
	edits                 []edit
}

// one is a fault of a single edit of a resource's properties.
func one(rule, stack, resource, path, value string) fault {
	return fault{rule, stack, resource, []edit{{stack, resource + "/Properties/" + path, value}}}
}

const (
	openIngress = `{"CidrIp":"0.0.0.0/0","FromPort":22,"ToPort":22,"IpProtocol":"tcp"}`
	cdn         = "DistributionConfig/"
	container0  = "ContainerDefinitions/0/"
	starred     = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}`
	trusting    = `{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}`
)

var faults = []fault{
	one("bucket-public-access", "data", "Raw", "PublicAccessBlockConfiguration", ""),
	one("bucket-public-access", "data", "Derived", "PublicAccessBlockConfiguration/BlockPublicPolicy", "false"),
	one("bucket-public", "data", "Raw", "AccessControl", `"PublicRead"`),
	{"bucket-public", "data", "Derived", []edit{{"data", "DerivedPolicy/Properties/PolicyDocument/Statement/1", starred}}},
	one("bucket-encryption", "data", "Raw", "BucketEncryption", ""),
	one("bucket-encryption", "data", "Derived", "BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm", `"AES256"`),
	one("bucket-key", "data", "Derived", "BucketEncryption/ServerSideEncryptionConfiguration/0/BucketKeyEnabled", ""),
	one("bucket-versioning", "data", "Derived", "VersioningConfiguration", ""),
	one("bucket-noncurrent", "data", "Derived", "LifecycleConfiguration/Rules/1/Status", `"Disabled"`),
	one("bucket-uploads", "data", "Raw", "LifecycleConfiguration/Rules/0", ""),
	one("bucket-log-expiry", "data", "Logs", "LifecycleConfiguration", ""),
	{"bucket-tls", "data", "Raw", []edit{{"data", "RawPolicy", ""}}},
	{"bucket-tls", "data", "Logs", []edit{{"data", "LogsPolicy/Properties/PolicyDocument/Statement/0/Condition/Bool/aws:SecureTransport", `true`}}},
	one("bucket-logs", "data", "Raw", "LoggingConfiguration", ""),
	{"stateful-delete", "data", "Raw", []edit{{"data", "Raw/DeletionPolicy", `"Delete"`}}},
	{"stateful-delete", "data", "Catalog", []edit{{"data", "Catalog/UpdateReplacePolicy", ""}}},
	{"stateful-delete", "data", "Ledger", []edit{{"data", "Ledger/DeletionPolicy", `"Delete"`}}},

	{"queue-dlq", "queues", "Bulk", []edit{{"queues", "Bulk/Properties/RedrivePolicy", ""}, {"queues", "BulkDead", ""}, {"queues", "BulkDeadPolicy", ""}, {"queues", "BulkDeadDepth", ""}}},
	one("queue-receives", "queues", "Bulk", "RedrivePolicy/maxReceiveCount", "5"),
	one("queue-visibility", "queues", "Bulk", "VisibilityTimeout", `"20"`),
	one("queue-outlives", "queues", "Bulk", "MessageRetentionPeriod", "1209600"),
	one("dlq-retention", "queues", "BulkDead", "MessageRetentionPeriod", "604800"),
	one("queue-wait", "queues", "Bulk", "ReceiveMessageWaitTimeSeconds", "20"),
	one("queue-encryption", "queues", "Bulk", "SqsManagedSseEnabled", "false"),
	{"queue-tls", "queues", "Bulk", []edit{{"queues", "BulkPolicy", ""}}},
	{"queue-alarm", "queues", "Bulk", []edit{{"queues", "BulkAge", ""}}},
	{"dlq-alarm", "queues", "BulkDead", []edit{{"queues", "BulkDeadDepth", ""}}},
	{"dlq-alarm", "queues", "UploadsDead", []edit{{"queues", "UploadsDeadDepth/Properties/Dimensions/0/Value", `"plinth-other-dead"`}}},
	{"function-visibility", "queues", "PrecheckUploads", []edit{{"queues", "Precheck/Properties/Timeout", "60"}}},

	one("table-pitr", "data", "Catalog", "PointInTimeRecoverySpecification", ""),
	one("table-pitr", "data", "Settings", "Replicas/1/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", "false"),
	one("table-deletion", "data", "Catalog", "DeletionProtectionEnabled", ""),
	one("table-deletion", "data", "Settings", "Replicas/0/DeletionProtectionEnabled", ""),
	one("table-capacity", "data", "Catalog", "BillingMode", `"PROVISIONED"`),
	one("database-encryption", "data", "Ledger", "StorageEncrypted", "false"),
	{"database-zones", "data", "Ledger", []edit{{"data", "LedgerReader", ""}}},
	one("database-public", "data", "LedgerWriter", "PubliclyAccessible", "true"),
	one("database-backups", "data", "Ledger", "BackupRetentionPeriod", "3"),
	one("database-deletion", "data", "Ledger", "DeletionProtection", ""),
	one("database-iam", "data", "Ledger", "EnableIAMDatabaseAuthentication", ""),

	one("cdn-tls", "edge", "CDN", cdn+"ViewerCertificate/MinimumProtocolVersion", `"TLSv1.1_2016"`),
	one("cdn-http", "edge", "CDN", cdn+"CacheBehaviors/0/ViewerProtocolPolicy", `"allow-all"`),
	one("cdn-origin-http", "edge", "CDN", cdn+"Origins/2/CustomOriginConfig/OriginProtocolPolicy", `"match-viewer"`),
	one("cdn-origin-http", "edge", "CDN", cdn+"Origins/1/CustomOriginConfig/OriginSSLProtocols/0", `"TLSv1"`),
	{"cdn-waf", "edge", "CDN", []edit{{"edge", "CDN/Properties/DistributionConfig/WebACLId", ""}}},
	{"cdn-logs", "edge", "CDN", []edit{{"edge", "CDN/Properties/DistributionConfig/Logging", ""}}},
	one("cdn-compress", "edge", "CDN", cdn+"CacheBehaviors/1/Compress", "false"),
	one("cdn-oac", "edge", "CDN", cdn+"Origins/0/OriginAccessControlId", ""),
	one("cdn-oac", "edge", "CDN", cdn+"Origins/0/S3OriginConfig/OriginAccessIdentity", `{"Fn::Join":["",["origin-access-identity/cloudfront/",{"Ref":"Control"}]]}`),
	{"cdn-failover", "edge", "CDN", []edit{
		{"edge", "CDN/Properties/DistributionConfig/DefaultCacheBehavior/TargetOriginId", `"origin"`},
		{"edge", "CDN/Properties/DistributionConfig/CacheBehaviors/1/TargetOriginId", `"origin"`},
	}},
	one("cdn-shield", "edge", "CDN", cdn+"Origins/0/OriginShield/Enabled", "false"),
	one("cdn-http3", "edge", "CDN", cdn+"HttpVersion", `"http2"`),
	{"cdn-certificate", "edge", "CDN", []edit{
		{"edge", "CDN/Properties/DistributionConfig/ViewerCertificate/AcmCertificateArn", `"arn:aws:acm:eu-west-1:111122223333:certificate/1"`},
		{"edge", "Certificate", ""},
	}},
	one("cdn-behaviors", "edge", "CDN", cdn+"CacheBehaviors", "["+strings.Repeat(`{"TargetOriginId":"either","PathPattern":"/x/*","ViewerProtocolPolicy":"https-only"},`, 60)+`{"TargetOriginId":"either","PathPattern":"/y/*","ViewerProtocolPolicy":"https-only"}]`),
	one("certificate-dns", "edge", "Certificate", "ValidationMethod", `"EMAIL"`),
	one("waf-counts", "edge", "Firewall", "Rules/1/OverrideAction", `{"Count":{}}`),
	one("waf-counts", "edge", "Firewall", "Rules/0/Action", `{"Count":{}}`),
	one("waf-rate", "edge", "Firewall", "Rules/0", ""),
	{"waf-logs", "edge", "Firewall", []edit{{"edge", "FirewallLog", ""}}},

	one("balancer-public", "fleet", "Balancer", "Scheme", `"internet-facing"`),
	one("balancer-logs", "fleet", "Balancer", "LoadBalancerAttributes/1/Value", `"false"`),
	one("balancer-deletion", "fleet", "Balancer", "LoadBalancerAttributes/0", ""),
	one("security-group-open", "network", "Group", "SecurityGroupIngress/0", openIngress),
	one("security-group-open", "network", "Peers", "CidrIpv6", `"::/0"`),
	one("subnet-public", "network", "SubnetA", "MapPublicIpOnLaunch", "true"),
	{"network-endpoints", "network", "Network", []edit{{"network", "S3Endpoint", ""}}},
	{"network-endpoints", "network", "Network", []edit{{"network", "DynamoEndpoint/Properties/VpcEndpointType", `"Interface"`}}},
	{"network-flow-logs", "network", "Network", []edit{{"network", "FlowLog", ""}}},
	{"nat-gateway", "network", "Way", []edit{{"network", "Way", `{"Type":"AWS::EC2::NatGateway","Properties":{"SubnetId":{"Ref":"SubnetA"},"AllocationId":{"Fn::GetAtt":["Address","AllocationId"]}}}`}}},

	one("iam-action", "fleet", "WorkerPolicy", "PolicyDocument/Statement/0/Action", `"sqs:*"`),
	one("iam-action", "queues", "PrecheckRole", "Policies/0/PolicyDocument/Statement/0/Action/1", `"*"`),
	one("iam-resource", "fleet", "WorkerPolicy", "PolicyDocument/Statement/1/Resource", `"*"`),
	one("iam-admin", "fleet", "WorkerRole", "ManagedPolicyArns/0", `{"Fn::Sub":"arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess"}`),
	one("iam-trust", "fleet", "WorkerRole", "AssumeRolePolicyDocument/Statement/0", trusting),
	one("key-rotation", "data", "Key", "EnableKeyRotation", "false"),
	one("log-retention", "fleet", "Said", "RetentionInDays", ""),

	one("service-zones", "fleet", "Worker", "NetworkConfiguration/AwsvpcConfiguration/Subnets/1", ""),
	{"service-tasks", "fleet", "Origin", []edit{{"fleet", "OriginScale/Properties/MinCapacity", "1"}}},
	{"service-tasks", "fleet", "Origin", []edit{{"fleet", "OriginScale", ""}}},
	one("service-rollback", "fleet", "Worker", "DeploymentConfiguration/DeploymentCircuitBreaker/Rollback", "false"),
	one("service-public-ip", "fleet", "Worker", "NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp", `"ENABLED"`),
	one("service-spot", "fleet", "Worker", "CapacityProviderStrategy/1", ""),

	one("task-drain", "fleet", "WorkerTask", container0+"StopTimeout", ""),
	one("task-root", "fleet", "WorkerTask", container0+"User", ""),
	one("task-root", "fleet", "OriginTask", container0+"User", `"0:65532"`),
	one("task-writable", "fleet", "OriginTask", container0+"ReadonlyRootFilesystem", ""),
	one("task-privileged", "fleet", "WorkerTask", container0+"Privileged", "true"),
	one("task-logs", "fleet", "WorkerTask", container0+"LogConfiguration", ""),
	one("task-architecture", "fleet", "OriginTask", "RuntimePlatform", ""),
	one("task-oversized", "fleet", "WorkerTask", container0+"Environment/2/Value", `"1"`),
	one("task-oversized", "fleet", "OriginTask", container0+"Environment/0", ""),
	one("hard-coded-secret", "fleet", "OriginTask", container0+"Environment", `[{"Name":"PLINTH_MEMORY","Value":"6GiB"},{"Name":"PLINTH_ORIGIN_VERIFY","Value":"swordfish"}]`),
	one("hard-coded-secret", "queues", "Precheck", "Environment/Variables/PLINTH_LEDGER", `"postgres://plinth:swordfish@ledger/plinth"`),

	one("machine-metadata", "fleet", "Machine", "LaunchTemplateData/MetadataOptions/HttpTokens", `"optional"`),
	one("machine-disk", "fleet", "Machine", "LaunchTemplateData/BlockDeviceMappings/0/Ebs/Encrypted", "false"),
	one("filesystem-encryption", "fleet", "Scratch", "Encrypted", ""),
	one("scaling-limit", "fleet", "OriginScale", "MaxCapacity", "6"),
	one("function-logs", "queues", "Precheck", "LoggingConfig", ""),

	{"alarm-action", "queues", "BulkAge", []edit{{"queues", "BulkAge/Properties/AlarmActions", "[]"}}},
	one("alarm-action", "queues", "BulkAge", "ActionsEnabled", "false"),
	{"topic-silent", "queues", "Alerts", []edit{{"queues", "Mail", ""}}},
	{"budget", "", "", []edit{{"queues", "Budget", ""}}},
	one("unused", "network", "Address", "InstanceId", ""),
	{"unused", "fleet", "Spare", []edit{{"fleet", "Spare", `{"Type":"AWS::ElasticLoadBalancingV2::TargetGroup","Properties":{"Port":80}}`}}},

	{"suppression", "data", "Raw", []edit{{"data", "Raw/Metadata/plinth", `{"doctor":[{"id":"bucket-key","reason":"it was not"}]}`}}},
}

func TestAPlantedFaultIsFoundAndNothingElse(t *testing.T) {
	for _, f := range faults {
		t.Run(f.rule+" of "+f.resource, func(t *testing.T) {
			all := templates(t)
			for _, e := range f.edits {
				e.apply(t, all)
			}
			found := examine(t, all)
			stack := ""
			if f.stack != "" {
				stack = "plinth-" + f.stack
			}
			if len(found) != 1 || found[0].Rule != f.rule || found[0].Stack != stack || found[0].Resource != f.resource {
				t.Fatalf("want %s at %s/%s alone, got %+v", f.rule, f.stack, f.resource, found)
			}
			if x := found[0]; x.What == "" || x.Do == "" || x.Pillar == "" || x.Severity == "" || f.resource != "" && x.Path != stack+"/"+f.resource+"/Resource" && f.resource != "Way" && f.resource != "Spare" {
				t.Errorf("it is not whole: %+v", x)
			}
		})
	}
}

// elsewhere are rules whose faults other tests plant.
var elsewhere = []string{"dlq-filled", "network-zones", "stack-size", "undecided-condition", "unseen"}

func TestEachRuleHasAPlantedFault(t *testing.T) {
	planted := map[string]bool{}
	for _, f := range faults {
		planted[f.rule] = true
	}
	for _, id := range elsewhere {
		planted[id] = true
	}
	seen := map[string]bool{}
	for _, r := range Rules() {
		if !planted[r.ID] || seen[r.ID] {
			t.Errorf("%s has no planted fault, or is there twice", r.ID)
		}
		if seen[r.ID] = true; r.Title == "" || r.Do == "" || !r.Severity.AtLeast(Note) || r.Pillar == "" {
			t.Errorf("%+v is not whole", r)
		}
	}
	t.Logf("%d rules, %d planted faults", len(seen), len(faults))
}
