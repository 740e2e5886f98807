package stack

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/infra/names"
)

// told is what AWS itself writes, by namespace: only these may be in alarms and policies.
var told = map[string][]string{
	"AWS/SQS":               {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
	"AWS/ApplicationELB":    {"HealthyHostCount", "HTTPCode_ELB_5XX_Count", "RequestCount"},
	"AWS/CloudFront":        {"5xxErrorRate", "4xxErrorRate", "CacheHitRate", "OriginLatency", "FunctionExecutionErrors", "Requests", "BytesDownloaded"},
	"AWS/WAFV2":             {"BlockedRequests"},
	"AWS/Route53":           {"HealthCheckStatus"},
	"AWS/DynamoDB":          {"ReadThrottleEvents", "WriteThrottleEvents", "ReplicationLatency"},
	"AWS/Backup":            {"NumberOfBackupJobsFailed", "NumberOfCopyJobsFailed"},
	"AWS/S3":                {"ReplicationLatency"},
	"AWS/RDS":               {"ACUUtilization", "DatabaseConnections"},
	"AWS/Lambda":            {"Errors", "Throttles"},
	"ECS/ContainerInsights": {"RunningTaskCount"},
	names.Namespace:         names.Emitted,
}

func TestEachAlarmReadsWhatIsWritten(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for _, a := range m.of(t, "CloudWatch::Alarm") {
			metrics := metricsOf(a)
			if len(metrics) == 0 {
				t.Errorf("%s reads nothing", a)
			}
			for _, mm := range metrics {
				namespace, name := fmt.Sprint(at(mm, "Namespace")), fmt.Sprint(at(mm, "MetricName"))
				if !slices.Contains(told[namespace], name) {
					t.Errorf("%s reads %s of %s, which nobody writes", a, name, namespace)
				}
				if namespace == names.Namespace && (at(mm, "Dimensions", 0, "Name") != "Service" || !slices.Contains([]any{"worker", "origin", "precheck"}, at(mm, "Dimensions", 0, "Value"))) {
					t.Errorf("%s reads %s of %v", a, name, at(mm, "Dimensions"))
				}
			}
			if len(list(a.at("AlarmActions"))) != 1 || len(list(a.at("OKActions"))) != 1 {
				t.Errorf("%s tells nobody", a)
			}
		}
		for _, p := range m.of(t, "ApplicationAutoScaling::ScalingPolicy") {
			for _, q := range list(p.at("TargetTrackingScalingPolicyConfiguration", "CustomizedMetricSpecification", "Metrics")) {
				if s := at(q, "MetricStat", "Metric"); s != nil && !slices.Contains(told[fmt.Sprint(at(s, "Namespace"))], fmt.Sprint(at(s, "MetricName"))) {
					t.Errorf("%s reads %v", p, s)
				}
			}
		}
	})
}

// Whoever is woken finds what to do under the alarm's name.
func TestEachAlarmHasAnEntryInTheRunbook(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, runbook, found := strings.Cut(string(text), "\n## Runbook\n")
	if !found {
		t.Fatal("infra/README.md has no Runbook")
	}
	entries := map[string]bool{}
	for _, h := range regexp.MustCompile("(?m)^### (.*)$").FindAllStringSubmatch(runbook, -1) {
		for name := range strings.SplitSeq(h[1], ", ") {
			entries[strings.Trim(name, "`")] = false
		}
	}
	each(t, func(t *testing.T, m *made) {
		for _, a := range m.of(t, "CloudWatch::Alarm") {
			name := strings.TrimPrefix(fmt.Sprint(a.at("AlarmName")), m.config.Name()+"-")
			if _, ok := entries[name]; !ok {
				t.Errorf("the runbook has no entry for %s", name)
			}
			entries[name] = true
		}
	})
	for name, rang := range entries {
		if !rang {
			t.Errorf("the runbook has an entry for %s, which is no alarm", name)
		}
	}
}

// The health check of names goes by an alarm that is there.
func TestNamesGoByAnAlarmThatIsThere(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		var alarms []string
		for _, a := range m.of(t, "CloudWatch::Alarm") {
			alarms = append(alarms, fmt.Sprint(a.at("AlarmName")))
		}
		found := 0
		for _, h := range m.of(t, "Route53::HealthCheck") {
			if id := h.at("HealthCheckConfig", "AlarmIdentifier"); id != nil {
				found++
				if !slices.Contains(alarms, fmt.Sprint(at(id, "Name"))) || at(id, "Region") != m.config.Region {
					t.Errorf("%s goes by %v", h, id)
				}
			}
		}
		if found != 1 {
			t.Errorf("%d health checks go by an alarm, want 1", found)
		}
	})
}

func TestTheBudgetIsWatched(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for _, b := range m.of(t, "Budgets::Budget") {
			if b.at("Budget", "BudgetLimit", "Amount") != float64(m.config.Budget) || len(list(b.at("NotificationsWithSubscribers"))) != 2 {
				t.Errorf("%s: %v", b, b.props)
			}
		}
	})
}
