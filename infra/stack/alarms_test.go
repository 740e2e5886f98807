package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/infra/names"
	product "github.com/plinth3d/plinth/origin"
	"github.com/plinth3d/plinth/pipeline/metrics"
)

// told is what AWS itself writes, by namespace: only these may be in alarms and policies.
var told = map[string][]string{
	"AWS/SQS":               {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
	"AWS/ApplicationELB":    {"HealthyHostCount", "HTTPCode_ELB_5XX_Count", "RequestCount", "TargetResponseTime"},
	"AWS/CloudFront":        {"5xxErrorRate", "4xxErrorRate", "CacheHitRate", "OriginLatency", "FunctionExecutionErrors", "Requests", "BytesDownloaded"},
	"AWS/WAFV2":             {"BlockedRequests"},
	"AWS/Route53":           {"HealthCheckStatus"},
	"AWS/DynamoDB":          {"ReadThrottleEvents", "WriteThrottleEvents", "ReplicationLatency"},
	"AWS/Backup":            {"NumberOfBackupJobsFailed", "NumberOfBackupJobsCompleted", "NumberOfCopyJobsFailed"},
	"AWS/S3":                {"ReplicationLatency"},
	"AWS/RDS":               {"ACUUtilization", "DatabaseConnections"},
	"AWS/Lambda":            {"Errors", "Throttles"},
	"ECS/ContainerInsights": {"RunningTaskCount"},
}

// told by what: the dimension without which a namespace's metrics are of nothing, or of all.
var toldBy = map[string]string{
	"AWS/SQS": "QueueName", "AWS/ApplicationELB": "LoadBalancer", "AWS/CloudFront": "Region", "AWS/WAFV2": "WebACL",
	"AWS/Route53": "HealthCheckId", "AWS/DynamoDB": "TableName", "AWS/Backup": "BackupVaultName", "AWS/S3": "SourceBucket",
	"AWS/RDS": "DBClusterIdentifier", "AWS/Lambda": "FunctionName", "ECS/ContainerInsights": "ServiceName",
}

// written says whether somebody writes a metric by these dimensions: AWS, or the product by
// its own tables.
func written(m any) bool {
	name, space := fmt.Sprint(at(m, "MetricName")), fmt.Sprint(at(m, "Namespace"))
	var by []string
	for _, d := range list(at(m, "Dimensions")) {
		by = append(by, fmt.Sprint(at(d, "Name")))
	}
	if space != names.Namespace {
		return slices.Contains(told[space], name) && slices.Contains(by, toldBy[space])
	}
	slices.Sort(by)
	for _, row := range slices.Concat(metrics.All(), product.AllMetrics()) {
		for _, set := range row.Dimensions() {
			if row.Name == name && slices.Equal(slices.Sorted(slices.Values(set)), by) {
				return true
			}
		}
	}
	return false
}

func TestEachAlarmReadsWhatIsWritten(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for _, a := range m.of(t, "CloudWatch::Alarm") {
			read := metricsOf(a)
			if len(read) == 0 {
				t.Errorf("%s reads nothing", a)
			}
			for _, mm := range read {
				if !written(mm) {
					t.Errorf("%s reads %v of %v by %v, which nobody writes", a, at(mm, "MetricName"), at(mm, "Namespace"), at(mm, "Dimensions"))
				}
				for _, d := range list(at(mm, "Dimensions")) {
					if at(d, "Name") == "outcome" && at(mm, "MetricName") != names.Manifests && !slices.Contains(metrics.Outcomes(), fmt.Sprint(at(d, "Value"))) {
						t.Errorf("%s reads jobs that end as %v", a, at(d, "Value"))
					}
				}
			}
			if len(list(a.at("AlarmActions"))) != 1 || len(list(a.at("OKActions"))) != 1 {
				t.Errorf("%s tells nobody", a)
			}
		}
		for _, p := range m.of(t, "ApplicationAutoScaling::ScalingPolicy") {
			for _, q := range list(p.at("TargetTrackingScalingPolicyConfiguration", "CustomizedMetricSpecification", "Metrics")) {
				if s := at(q, "MetricStat", "Metric"); s != nil && !written(s) {
					t.Errorf("%s reads %v", p, s)
				}
			}
		}
	})
}

// A catalog that fails is not seen in the store's errors, nor in answers while old manifests last.
func TestAFailingCatalogRings(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		var read []string
		for _, a := range m.of(t, "CloudWatch::Alarm") {
			if !strings.HasSuffix(fmt.Sprint(a.at("AlarmName")), "-backend-errors") {
				continue
			}
			for _, mm := range metricsOf(a) {
				read = append(read, fmt.Sprint(at(mm, "MetricName"), at(mm, "Dimensions", 0, "Value")))
			}
		}
		if slices.Sort(read); !slices.Equal(read, []string{names.BackendErrors + "<nil>", names.Manifests + "failed"}) {
			t.Errorf("it reads %q", read)
		}
	})
}

// The dashboard's page is text with references in it: all of our metrics on it are written.
func TestTheDashboardShowsWhatIsWritten(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for _, d := range m.of(t, "CloudWatch::Dashboard") {
			body := m.name(d.stack, d.at("DashboardBody"))
			found := regexp.MustCompile(`\["`+names.Namespace+`","(\w+)"((?:,"\w+","\w+")*)`).FindAllStringSubmatch(body, -1)
			if len(found) < 5 {
				t.Errorf("%s has %d metrics of ours: %.300s", d, len(found), body)
			}
			for _, f := range found {
				var dimensions []any
				for _, pair := range regexp.MustCompile(`"(\w+)","\w+"`).FindAllStringSubmatch(f[2], -1) {
					dimensions = append(dimensions, map[string]any{"Name": pair[1]})
				}
				if !written(map[string]any{"Namespace": names.Namespace, "MetricName": f[1], "Dimensions": dimensions}) {
					t.Errorf("the dashboard shows %s%s, which nobody writes", f[1], f[2])
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

// The health check of names goes by an alarm that is there before it: Route 53 reads the alarm
// when the check is made. It takes no alarm of a formula, a percentile, or after M of N.
func TestNamesGoByAnAlarmThatIsThere(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		var alarms []string
		for _, a := range m.of(t, "CloudWatch::Alarm") {
			name := fmt.Sprint(a.at("AlarmName"))
			if a.at("MetricName") != nil && a.at("Statistic") != nil && a.at("DatapointsToAlarm") == nil && slices.Contains(m.before(t, m.config.Name()+"-dns"), a.stack) {
				alarms = append(alarms, name)
			}
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

// before are the stacks that are deployed before one, directly or not.
func (m *made) before(t *testing.T, stack string) (all []string) {
	t.Helper()
	var manifest struct {
		Artifacts map[string]struct {
			Dependencies []string `json:"dependencies"`
		} `json:"artifacts"`
	}
	if err := load(filepath.Join(m.dir, "manifest.json"), &manifest); err != nil {
		t.Fatal(err)
	}
	for next := []string{stack}; len(next) > 0; next = next[1:] {
		for _, d := range manifest.Artifacts[next[0]].Dependencies {
			if !slices.Contains(all, d) {
				all, next = append(all, d), append(next, d)
			}
		}
	}
	return all
}

// Where AWS Backup may not back up a kind of database, no job fails: there is none.
func TestMissingBackupsRing(t *testing.T) {
	for env, want := range map[string]float64{"dev": 22, "prod": 22} {
		m := installation(t, env)
		found := 0
		for _, a := range m.of(t, "CloudWatch::Alarm") {
			if a.at("MetricName") != "NumberOfBackupJobsCompleted" {
				continue
			}
			found++
			if a.at("ComparisonOperator") != "LessThanThreshold" || a.at("Threshold") != want || a.at("TreatMissingData") != "breaching" || a.at("Period") != 86400.0 {
				t.Errorf("%s: %v", a, a.props)
			}
		}
		if found != 1 {
			t.Errorf("%s: %d alarms, want 1", env, found)
		}
	}
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
