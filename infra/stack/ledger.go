package stack

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
)

// ledger is the database of merchants, keys and usage: Aurora PostgreSQL, serverless, with an
// instance to fail over to in another zone. People and programs log in with IAM tokens, by
// the name of ledgerUser.
type ledger struct {
	cluster awsrds.CfnDBCluster
}

const (
	ledgerUser = "plinth"
	ledgerBase = "plinth"
)

func (s *site) ledger(d *data, n *network) *ledger {
	subnets := awsrds.NewCfnDBSubnetGroup(d.stack, new("LedgerSubnets"), &awsrds.CfnDBSubnetGroupProps{
		DbSubnetGroupDescription: new("Plinth's ledger: one subnet in each zone"),
		SubnetIds:                subnetIDs(n, n.data),
	})
	// Without TLS a token would be anybody's who listens.
	settings := awsrds.NewCfnDBClusterParameterGroup(d.stack, new("LedgerSettings"), &awsrds.CfnDBClusterParameterGroupProps{
		Description: new("Plinth's ledger"), Family: new("aurora-postgresql16"),
		Parameters: map[string]any{"rds.force_ssl": "1", "ssl_min_protocol_version": "TLSv1.2", "log_min_duration_statement": "1000"},
	})
	// RDS writes to a group of this name, and would make one that keeps everything forever.
	logs := awslogs.NewLogGroup(d.stack, new("LedgerLogs"), &awslogs.LogGroupProps{
		LogGroupName: new("/aws/rds/cluster/" + s.Name() + "-ledger/postgresql"), Retention: retentions[s.Keep.Logs], RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	p := &awsrds.CfnDBClusterProps{
		DbClusterIdentifier: new(s.Name() + "-ledger"),
		Engine:              new("aurora-postgresql"), EngineVersion: new("16.8"), DatabaseName: new(ledgerBase), Port: new(5432.0),
		ServerlessV2ScalingConfiguration: &awsrds.CfnDBCluster_ServerlessV2ScalingConfigurationProperty{MinCapacity: &s.Ledger.MinACU, MaxCapacity: &s.Ledger.MaxACU},
		EnableHttpEndpoint:               true, // the owner makes the first user by it: nobody has a way in
		EnableIamDatabaseAuthentication:  true, StorageEncrypted: true, KmsKeyId: d.key.KeyArn(),
		// The first user makes the one that logs in with tokens; RDS keeps and changes its password.
		MasterUsername: new("owner"), ManageMasterUserPassword: true,
		MasterUserSecret:            &awsrds.CfnDBCluster_MasterUserSecretProperty{KmsKeyId: d.key.KeyArn()},
		DbSubnetGroupName:           subnets.Ref(),
		VpcSecurityGroupIds:         &[]any{n.ledger.SecurityGroupId()},
		DbClusterParameterGroupName: settings.Ref(),
		BackupRetentionPeriod:       new(float64(s.Keep.Backups)), PreferredBackupWindow: new("07:00-07:30"), PreferredMaintenanceWindow: new("tue:08:00-tue:08:30"),
		CopyTagsToSnapshot: true, DeletionProtection: true, EnableCloudwatchLogsExports: texts("postgresql"),
	}
	if s.Ledger.Snapshot != "" { // what it was made with is in it
		p.SnapshotIdentifier, p.DatabaseName, p.MasterUsername = &s.Ledger.Snapshot, nil, nil
	}
	c := awsrds.NewCfnDBCluster(d.stack, new("Ledger"), p)
	snapshot := awscdk.RemovalPolicy_SNAPSHOT
	c.ApplyRemovalPolicy(snapshot, nil)
	c.Node().AddDependency(logs)
	for i := range s.Ledger.Instances {
		awsrds.NewCfnDBInstance(d.stack, new("LedgerInstance"+strconv.Itoa(i+1)), &awsrds.CfnDBInstanceProps{
			DbClusterIdentifier: c.Ref(), Engine: c.Engine(), DbInstanceClass: new("db.serverless"), PubliclyAccessible: false,
			AvailabilityZone: &s.Zones[i%len(s.Zones)], PromotionTier: new(float64(min(i, 1))), AutoMinorVersionUpgrade: true,
			EnablePerformanceInsights: true, PerformanceInsightsKmsKeyId: d.key.KeyArn(), PerformanceInsightsRetentionPeriod: new(7.0),
		})
	}
	return &ledger{c}
}

// url is where operators' tasks find it: the certificate of its name is checked.
func (l *ledger) url() string {
	return "postgres+iam://" + ledgerUser + "@" + *l.cluster.AttrEndpointAddress() + ":5432/" + ledgerBase + "?sslmode=verify-full&sslrootcert=/etc/ssl/rds.pem"
}

// user is the ARN of whom IAM lets log in.
func (l *ledger) user(st awscdk.Stack) string {
	return "arn:aws:rds-db:" + *st.Region() + ":" + *st.Account() + ":dbuser:" + *l.cluster.AttrDbClusterResourceId() + "/" + ledgerUser
}
