package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
)

// vaultName is what holds an installation's backups.
func vaultName(env string) string { return "plinth-" + env + "-backups" }

func (s *site) vaultName() string { return vaultName(s.Env) }

// hourlyDays is how long hourly backups are kept, in days: each copy of one to the other region is
// the whole ledger, and only the newest is for a region that fails.
const hourlyDays = 2

// recovery backs up what replication can't save from a mistake: the ledger each hour, and both
// the ledger and the catalog each day, and copies them to the standby's vault. Vaults are
// locked: who deletes a backup before its time has to take the lock away first, which nobody
// here may.
func (s *site) recovery(d *data) {
	st := s.stack("dr", "backups and their copies")
	vault := awsbackup.NewCfnBackupVault(st, new("Vault"), &awsbackup.CfnBackupVaultProps{
		BackupVaultName: new(s.vaultName()), EncryptionKeyArn: d.key.KeyArn(),
		LockConfiguration: &awsbackup.CfnBackupVault_LockConfigurationTypeProperty{MinRetentionDays: new(1.0), MaxRetentionDays: new(float64(s.Keep.Backups + 1))},
	})
	vault.ApplyRemovalPolicy(s.removal(), nil)
	if s.Primary != "" {
		return // its primary makes them
	}
	role := awsiam.NewRole(st, new("Backup"), &awsiam.RoleProps{
		AssumedBy: service("backup"), Description: new("Makes backups and restores them"),
		ManagedPolicies: &[]awsiam.IManagedPolicy{
			awsiam.ManagedPolicy_FromAwsManagedPolicyName(new("service-role/AWSBackupServiceRolePolicyForBackup")),
			awsiam.ManagedPolicy_FromAwsManagedPolicyName(new("service-role/AWSBackupServiceRolePolicyForRestores")),
		},
	})
	accept(role, "AwsSolutions-IAM4", "AWS Backup's own policies, which follow what the service needs; the role is assumed by that service alone.")
	rule := func(name, schedule string, days int) any {
		keep := &awsbackup.CfnBackupPlan_LifecycleResourceTypeProperty{DeleteAfterDays: new(float64(days))}
		r := &awsbackup.CfnBackupPlan_BackupRuleResourceTypeProperty{
			RuleName: &name, TargetBackupVault: vault.Ref(), ScheduleExpression: &schedule, Lifecycle: keep, StartWindowMinutes: new(60.0), CompletionWindowMinutes: new(180.0),
		}
		if s.Standby != nil {
			there := "arn:aws:backup:" + s.Standby.Region + ":" + *st.Account() + ":backup-vault:" + vaultName(s.Standby.Env)
			r.CopyActions = []any{&awsbackup.CfnBackupPlan_CopyActionResourceTypeProperty{DestinationBackupVaultArn: &there, Lifecycle: keep}}
		}
		return r
	}
	plan := func(id, schedule string, days int, resources ...string) {
		p := awsbackup.NewCfnBackupPlan(st, &id, &awsbackup.CfnBackupPlanProps{BackupPlan: &awsbackup.CfnBackupPlan_BackupPlanResourceTypeProperty{
			BackupPlanName: new(s.Name() + "-" + id), BackupPlanRule: []any{rule(id, schedule, days)},
		}})
		awsbackup.NewCfnBackupSelection(st, new(id+"Resources"), &awsbackup.CfnBackupSelectionProps{
			BackupPlanId:    p.Ref(),
			BackupSelection: &awsbackup.CfnBackupSelection_BackupSelectionResourceTypeProperty{SelectionName: &id, IamRoleArn: role.RoleArn(), Resources: texts(resources...)},
		})
	}
	daily := []string{d.table}
	if d.ledger != nil {
		ledger := *d.ledger.cluster.AttrDbClusterArn()
		daily = append(daily, ledger)
		plan("hourly", "cron(0 * * * ? *)", min(hourlyDays, s.Keep.Backups), ledger)
	}
	plan("daily", "cron(0 5 * * ? *)", s.Keep.Backups, daily...)
}
