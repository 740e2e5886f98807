package doctor

import (
	"fmt"
	"slices"
)

var firewalls = []string{"AWS::WAFv2::WebACL"}

var firewallRules = []Rule{
	{
		ID: "waf-counts", Pillar: Security, Severity: Warning, types: firewalls,
		Title: "a firewall counts what it should block", Do: "set OverrideAction to None and Action to Block once the counts are right", check: wafCounts,
	},
	{
		ID: "waf-rate", Pillar: Security, Severity: Warning, types: firewalls,
		Title: "one client can send any number of requests", Do: "add a rule with RateBasedStatement that blocks",
		check: func(_ *Estate, r *Resource) string {
			limited := slices.ContainsFunc(r.at("Rules").each(), func(x value) bool { return x.at("Statement", "RateBasedStatement").there() })
			return unless(limited, "no rule limits the rate of a client")
		},
	},
	{
		ID: "waf-logs", Pillar: Security, Severity: Note, types: firewalls,
		Title: "what a firewall blocks isn't logged", Do: "add AWS::WAFv2::LoggingConfiguration",
		check: func(e *Estate, r *Resource) string {
			logged := slices.ContainsFunc(e.of("AWS::WAFv2::LoggingConfiguration"), func(l *Resource) bool { return linked(l.at("ResourceArn"), r) })
			return unless(logged, "there is no log")
		},
	},
}

func wafCounts(_ *Estate, r *Resource) string {
	rules := r.at("Rules").each()
	for _, x := range rules {
		if x.at("Action", "Count").there() || x.at("OverrideAction", "Count").there() {
			return fmt.Sprintf("rule %.80s only counts", x.at("Name").text())
		}
	}
	return unless(len(rules) > 0, "it has no rules")
}
