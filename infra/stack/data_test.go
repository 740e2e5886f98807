package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNoBucketIsPublic(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for _, b := range m.of(t, "S3::Bucket") {
			for _, what := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
				if b.at("PublicAccessBlockConfiguration", what) != true {
					t.Errorf("%s: %s is not set", b, what)
				}
			}
			if acl := b.at("AccessControl"); acl != nil || b.at("OwnershipControls", "Rules", 0, "ObjectOwnership") != "BucketOwnerEnforced" {
				t.Errorf("%s has an ACL, or takes them: %v", b, acl)
			}
			if !m.refusesPlainHTTP(t, "S3::BucketPolicy", "Bucket", b.stack+"/"+b.id) {
				t.Errorf("%s takes requests without TLS", b)
			}
			if b.at("VersioningConfiguration", "Status") != "Enabled" {
				t.Errorf("%s keeps no versions", b)
			}
			if alg := b.at("BucketEncryption", "ServerSideEncryptionConfiguration", 0, "ServerSideEncryptionByDefault", "SSEAlgorithm"); alg != "aws:kms" && !strings.Contains(b.id, "logs") {
				t.Errorf("%s is encrypted by %v", b, alg)
			} else if alg == "aws:kms" && b.at("BucketEncryption", "ServerSideEncryptionConfiguration", 0, "BucketKeyEnabled") != true {
				t.Errorf("%s asks KMS for each object", b)
			}
		}
		for _, p := range m.of(t, "S3::BucketPolicy") {
			old := false
			for _, s := range list(p.at("PolicyDocument", "Statement")) {
				if at(s, "Effect") == "Allow" && everybody(s) {
					t.Errorf("%s lets everybody in", p)
				}
				if version, ok := at(s, "Condition", "NumericLessThan", "s3:TlsVersion").(float64); ok && at(s, "Effect") == "Deny" && version >= 1.2 {
					old = true
				}
			}
			if !old {
				t.Errorf("%s takes TLS older than 1.2", p)
			}
		}
	})
}

// What the edge may read is what shoppers may see, for distributions of this account.
func TestTheEdgeReadsRenditionsOnly(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		found := 0
		for _, p := range m.of(t, "S3::BucketPolicy") {
			for _, s := range list(p.at("PolicyDocument", "Statement")) {
				if at(s, "Principal", "Service") != "cloudfront.amazonaws.com" {
					continue
				}
				found++
				if at(s, "Action") != "s3:GetObject" || !strings.HasSuffix(m.name(p.stack, at(s, "Resource")), ".Arn/rendition/*") {
					t.Errorf("%s: the edge may %v on %s", p, at(s, "Action"), m.name(p.stack, at(s, "Resource")))
				}
				if at(s, "Condition", "StringEquals", "aws:SourceAccount") == nil || at(s, "Condition", "ArnLike", "aws:SourceArn") == nil {
					t.Errorf("%s: any account's distribution may read", p)
				}
			}
		}
		if found != 1 {
			t.Errorf("%d statements let the edge read, want 1", found)
		}
	})
}

func TestKeysAreChangedEachYear(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for _, k := range m.of(t, "KMS::Key") {
			if k.at("EnableKeyRotation") != true {
				t.Errorf("%s is never changed", k)
			}
		}
	})
}

func TestDataOutlivesMistakes(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		if m.config.Primary == "" {
			tables := m.of(t, "DynamoDB::GlobalTable")
			for _, table := range tables {
				replicas := list(table.at("Replicas"))
				want := 1
				if m.config.Standby != nil {
					want = 2
				}
				if len(replicas) != want {
					t.Errorf("%s has %d replicas, want %d", table, len(replicas), want)
				}
				for _, r := range replicas {
					if at(r, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true {
						t.Errorf("%s in %v can't be set back", table, at(r, "Region"))
					}
					if at(r, "DeletionProtectionEnabled") != true {
						t.Errorf("%s in %v can be deleted", table, at(r, "Region"))
					}
					if at(r, "SSESpecification", "KMSMasterKeyId") == nil {
						t.Errorf("%s in %v is not under our key", table, at(r, "Region"))
					}
				}
			}
		}
		for _, c := range m.maybe("RDS::DBCluster") {
			for _, what := range []string{"DeletionProtection", "StorageEncrypted", "EnableIAMDatabaseAuthentication"} {
				if c.at(what) != true {
					t.Errorf("%s: %s is not set", c, what)
				}
			}
			if n, _ := c.at("BackupRetentionPeriod").(float64); n < 1 {
				t.Errorf("%s is backed up for %v days", c, n)
			}
			if c.raw["DeletionPolicy"] != "Snapshot" {
				t.Errorf("%s goes without a snapshot", c)
			}
		}
		for _, b := range m.of(t, "ElasticLoadBalancingV2::LoadBalancer") {
			if attribute(b, "deletion_protection.enabled") != "true" {
				t.Errorf("%s can be deleted", b)
			}
		}
		if !m.config.Lasting() {
			return
		}
		for _, kind := range []string{"S3::Bucket", "KMS::Key", "SQS::Queue", "DynamoDB::GlobalTable", "Backup::BackupVault"} {
			for _, r := range m.maybe(kind) {
				if r.raw["DeletionPolicy"] != "RetainExceptOnCreate" || r.raw["UpdateReplacePolicy"] != "Retain" {
					t.Errorf("%s goes with its stack: %v, %v", r, r.raw["DeletionPolicy"], r.raw["UpdateReplacePolicy"])
				}
			}
		}
	})
}

// Hourly backups would be hundreds of whole copies in the other region; those of each day are
// kept long.
func TestBackupsOfHoursAreNotKeptLong(t *testing.T) {
	m := installation(t, "prod")
	kept := map[string]any{}
	for _, p := range m.of(t, "Backup::BackupPlan") {
		rule := p.at("BackupPlan", "BackupPlanRule", 0)
		kept[fmt.Sprint(at(rule, "RuleName"))] = []any{at(rule, "Lifecycle", "DeleteAfterDays"), at(rule, "CopyActions", 0, "Lifecycle", "DeleteAfterDays")}
	}
	if diff := cmp.Diff(map[string]any{"hourly": []any{2.0, 2.0}, "daily": []any{35.0, 35.0}}, kept); diff != "" {
		t.Errorf("days that backups are kept (- want, + got):\n%s", diff)
	}
	for _, s := range m.of(t, "Backup::BackupSelection") {
		want := map[string]int{"hourly": 1, "daily": 2}[fmt.Sprint(s.at("BackupSelection", "SelectionName"))]
		if got := len(list(s.at("BackupSelection", "Resources"))); got != want {
			t.Errorf("%s has %d databases, want %d", s, got, want)
		}
	}
}

// attribute is one of a balancer's.
func attribute(b resource, key string) string {
	for _, a := range list(b.at("LoadBalancerAttributes")) {
		if at(a, "Key") == key {
			return fmt.Sprint(at(a, "Value"))
		}
	}
	return ""
}

func TestLogsEnd(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for _, g := range m.of(t, "Logs::LogGroup") {
			if g.at("RetentionInDays") != float64(m.config.Keep.Logs) {
				t.Errorf("%s keeps logs for %v days, want %d", g, g.at("RetentionInDays"), m.config.Keep.Logs)
			}
		}
		for _, f := range m.maybe("Lambda::Function") {
			if f.at("LoggingConfig", "LogGroup") == nil {
				t.Errorf("%s writes to a group that Lambda makes, forever", f)
			}
		}
		for _, d := range m.of(t, "ECS::TaskDefinition") {
			if d.at("ContainerDefinitions", 0, "LogConfiguration", "Options", "awslogs-group") == nil {
				t.Errorf("%s has no log", d)
			}
		}
	})
}

// Objects are copied to where the standby's configuration says its buckets are.
func TestReplicasGoWhereTheStandbyIs(t *testing.T) {
	prod, dr := installation(t, "prod"), installation(t, "dr")
	var there []string
	for _, b := range dr.of(t, "S3::Bucket") {
		there = append(there, anyStack(dr.nameOf(b, "BucketName")))
	}
	copied := 0
	for _, b := range prod.of(t, "S3::Bucket") {
		for _, r := range list(b.at("ReplicationConfiguration", "Rules")) {
			copied++
			to := strings.TrimPrefix(anyStack(prod.name(b.stack, at(r, "Destination", "Bucket"))), "arn:aws:s3:::")
			if !slices.Contains(there, to) {
				t.Errorf("%s is copied to %s, which is none of %q", b, to, there)
			}
			if at(r, "Status") != "Enabled" || at(r, "Destination", "EncryptionConfiguration", "ReplicaKmsKeyID") == nil {
				t.Errorf("%s: the rule is %v", b, r)
			}
			if at(r, "Filter", "Prefix") != "" { // merchants' signing keys, too
				t.Errorf("%s: only what is below %v is copied", b, at(r, "Filter", "Prefix"))
			}
		}
	}
	if copied != 2 {
		t.Errorf("%d buckets are copied, want 2", copied)
	}
}

// anyStack is a name without the stack whose account it has.
func anyStack(name string) string {
	i := strings.Index(name, "/AWS::AccountId")
	if i < 0 {
		return name
	}
	start := strings.LastIndex(name[:i], "plinth-")
	return name[:start] + name[i+1:]
}
