package doctor

import (
	"fmt"
	"slices"
	"strings"
)

var (
	tables    = []string{"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"}
	databases = []string{"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"}
	stateful  = slices.Concat(buckets, tables, databases, []string{"AWS::KMS::Key"})
)

var tableRules = []Rule{
	{
		ID: "table-pitr", Pillar: Availability, Severity: Error, types: tables, seen: []string{"PointInTimeRecoverySpecification"},
		Title: "a table can't be restored to a moment before a mistake", Do: "set PointInTimeRecoveryEnabled",
		check: func(_ *Estate, r *Resource) string {
			return unless(everywhere(r, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"), "point-in-time recovery is off")
		},
	},
	{
		ID: "table-deletion", Pillar: Availability, Severity: Error, types: tables, seen: []string{"DeletionProtectionEnabled"},
		Title: "a table can be deleted by a slip", Do: "set DeletionProtectionEnabled",
		check: func(_ *Estate, r *Resource) string {
			return unless(everywhere(r, "DeletionProtectionEnabled"), "deletion protection is off")
		},
	},
	{
		ID: "table-capacity", Pillar: Performance, Severity: Warning, types: tables, seen: []string{"BillingMode"},
		Title: "a table's capacity doesn't follow its load", Do: "set BillingMode to PAY_PER_REQUEST, or scale it", check: tableCapacity,
	},
	{
		ID: "stateful-delete", Pillar: Availability, Severity: Error, types: stateful,
		Title: "data goes with its stack", Do: "set DeletionPolicy and UpdateReplacePolicy to Retain, or Snapshot where that is", check: statefulDelete,
	},
}

// everywhere tells if a property is true of a table, or of each replica of a global one.
func everywhere(r *Resource, keys ...string) bool {
	if r.Type == "AWS::DynamoDB::Table" {
		return r.at(keys...).yes()
	}
	replicas := r.at("Replicas").each()
	return len(replicas) > 0 && !slices.ContainsFunc(replicas, func(x value) bool { return !x.at(keys...).yes() })
}

func tableCapacity(e *Estate, r *Resource) string {
	if r.at("BillingMode").text() == "PAY_PER_REQUEST" || r.at("WriteProvisionedThroughputSettings").there() {
		return ""
	}
	if e.live {
		return "its capacity is provisioned; what scales it can't be seen"
	}
	scaled := slices.ContainsFunc(e.of("AWS::ApplicationAutoScaling::ScalableTarget"), func(t *Resource) bool { return linked(t.at("ResourceId"), r) })
	return unless(scaled, "its capacity is provisioned, and nothing scales it")
}

func statefulDelete(_ *Estate, r *Resource) string {
	if r.Type == "AWS::RDS::DBInstance" && inCluster(r) { // the data is the cluster's
		return ""
	}
	var gone []string
	for _, p := range []struct{ name, is string }{{"DeletionPolicy", r.deletion}, {"UpdateReplacePolicy", r.replacement}} {
		if !strings.HasPrefix(p.is, "Retain") && p.is != "Snapshot" {
			gone = append(gone, p.name+" is "+quoted(p.is))
		}
	}
	return unless(len(gone) == 0, list(gone))
}

func quoted(text string) string {
	if text == "" {
		return "not set, which is Delete"
	}
	return fmt.Sprintf("%.40s", text)
}

var databaseRules = []Rule{
	{
		ID: "database-encryption", Pillar: Security, Severity: Error, types: databases,
		Title: "a database isn't encrypted at rest", Do: "set StorageEncrypted; a database that runs has to be copied for it",
		check: func(_ *Estate, r *Resource) string {
			return unless(inCluster(r) || r.at("StorageEncrypted").yes(), "StorageEncrypted is not set")
		},
	},
	{
		ID: "database-zones", Pillar: Availability, Severity: Error, types: databases,
		Title: "a database is in one availability zone", Do: "give a cluster two instances, or set MultiAZ", check: databaseZones,
	},
	{
		ID: "database-public", Pillar: Security, Severity: Error, types: databases,
		Title: "a database has a public address", Do: "set PubliclyAccessible to false",
		check: func(_ *Estate, r *Resource) string {
			return unless(!r.at("PubliclyAccessible").yes(), "PubliclyAccessible is true")
		},
	},
	{
		ID: "database-backups", Pillar: Availability, Severity: Error, types: databases,
		Title: "backups of a database are kept for less than a week", Do: "set BackupRetentionPeriod to 7 or more",
		check: func(_ *Estate, r *Resource) string {
			days := r.at("BackupRetentionPeriod").number(1)
			return unless(inCluster(r) || days >= 7, fmt.Sprintf("backups are kept for %g days", days))
		},
	},
	{
		ID: "database-deletion", Pillar: Availability, Severity: Error, types: databases,
		Title: "a database can be deleted by a slip", Do: "set DeletionProtection",
		check: func(_ *Estate, r *Resource) string {
			return unless(inCluster(r) || r.at("DeletionProtection").yes(), "deletion protection is off")
		},
	},
	{
		ID: "database-iam", Pillar: Security, Severity: Warning, types: databases,
		Title: "a database is opened with passwords", Do: "set EnableIAMDatabaseAuthentication, and say --ledger postgres+iam://...",
		check: func(_ *Estate, r *Resource) string {
			return unless(inCluster(r) || r.at("EnableIAMDatabaseAuthentication").yes(), "IAM authentication is off")
		},
	},
}

// inCluster tells if a database is an instance of a cluster, which has most settings.
func inCluster(r *Resource) bool {
	return r.at("DBClusterIdentifier").there() && r.Type == "AWS::RDS::DBInstance"
}

func databaseZones(e *Estate, r *Resource) string {
	if r.Type == "AWS::RDS::DBInstance" {
		return unless(inCluster(r) || r.at("MultiAZ").yes(), "MultiAZ is off")
	}
	n := 0
	for _, i := range e.of("AWS::RDS::DBInstance") {
		if linked(i.at("DBClusterIdentifier"), r) {
			n++
		}
	}
	return unless(n >= 2 || r.at("DBClusterInstanceClass").there(), fmt.Sprintf("it has %d instances, so nothing takes over", n))
}
