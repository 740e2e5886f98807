package doctor

import (
	"fmt"
	"slices"
)

var machineRules = []Rule{
	{
		ID: "machine-metadata", Pillar: Security, Severity: Error, types: []string{"AWS::EC2::LaunchTemplate"},
		Title: "whoever makes a machine fetch a URL gets its credentials", Do: "set MetadataOptions.HttpTokens to required",
		check: func(_ *Estate, r *Resource) string {
			return unless(r.at("LaunchTemplateData", "MetadataOptions", "HttpTokens").text() == "required", "its metadata is served without a token")
		},
	},
	{
		ID: "machine-disk", Pillar: Security, Severity: Warning, types: []string{"AWS::EC2::LaunchTemplate"},
		Title: "a machine's disk isn't encrypted", Do: "set Encrypted for each of BlockDeviceMappings",
		check: func(_ *Estate, r *Resource) string {
			plain := slices.ContainsFunc(r.at("LaunchTemplateData", "BlockDeviceMappings").each(), func(d value) bool {
				return d.at("Ebs").there() && !d.at("Ebs", "Encrypted").yes()
			})
			return unless(!plain, "a disk is not encrypted")
		},
	},
	{
		ID: "filesystem-encryption", Pillar: Security, Severity: Error, types: []string{"AWS::EFS::FileSystem"},
		Title: "a file system isn't encrypted at rest", Do: "set Encrypted",
		check: func(_ *Estate, r *Resource) string {
			return unless(r.at("Encrypted").yes(), "Encrypted is not set")
		},
	},
	{
		ID: "scaling-limit", Pillar: Limits, Severity: Warning, types: []string{"AWS::ApplicationAutoScaling::ScalableTarget"},
		Title: "what should scale can't", Do: "set MaxCapacity above MinCapacity, and ask for quotas that hold it",
		check: func(_ *Estate, r *Resource) string {
			least, most := r.at("MinCapacity").number(0), r.at("MaxCapacity").number(1)
			return unless(most > least, fmt.Sprintf("it is from %g to %g", least, most))
		},
	},
	{
		ID: "function-logs", Pillar: Cost, Severity: Warning, types: []string{"AWS::Lambda::Function"},
		Title: "a function's logs are kept forever", Do: "name a log group with RetentionInDays in LoggingConfig", check: functionLogs,
	},
}

// functionLogs wants a log group that is declared: the one Lambda makes, /aws/lambda/NAME,
// never forgets.
func functionLogs(e *Estate, r *Resource) string {
	declared := slices.ContainsFunc(e.of("AWS::Logs::LogGroup"), func(g *Resource) bool { return linked(g.at("LogGroupName"), r) })
	return unless(declared || r.at("LoggingConfig", "LogGroup").there(), "it has no log group of its own")
}
