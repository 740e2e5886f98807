package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/infra/names"
	"github.com/plinth3d/plinth/pipeline/cloud"
)

func TestEveryQueueHasDeadLettersAndAnAlarm(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		watched := m.watched(t, "AWS/SQS", "QueueName")
		byName := map[string]resource{}
		for _, q := range m.of(t, "SQS::Queue") {
			byName[q.at("QueueName").(string)] = q
		}
		wanted := []string{names.Uploads}
		for _, l := range names.Lanes {
			wanted = append(wanted, l.Name)
		}
		for _, l := range wanted {
			q, there := byName[cloud.LaneName(m.config.Name(), l)]
			dead, buried := byName[cloud.DeadName(m.config.Name(), l)]
			if !there || !buried {
				t.Errorf("lane %s: queue %v, dead letters %v", l, there, buried)
				continue
			}
			if got, want := m.nameOf(q, "RedrivePolicy", "deadLetterTargetArn"), dead.stack+"/"+dead.id+".Arn"; got != want {
				t.Errorf("%s: dead letters go to %s, want %s", q, got, want)
			}
			if n := q.at("RedrivePolicy", "maxReceiveCount"); n != float64(names.Receives) || names.Receives <= cloud.MaxReceives {
				t.Errorf("%s: maxReceiveCount is %v, want %d, and more than the product's %d", q, n, names.Receives, cloud.MaxReceives)
			}
			if wait := q.at("ReceiveMessageWaitTimeSeconds"); wait != 0.0 {
				t.Errorf("%s: a poll waits %v s by itself", q, wait)
			}
			for _, r := range []resource{q, dead} {
				if !slices.Contains(watched, r.stack+"/"+r.id+".QueueName") {
					t.Errorf("%s has no alarm", r)
				}
			}
		}
		if len(byName) != 2*len(wanted) {
			t.Errorf("%d queues, want %d", len(byName), 2*len(wanted))
		}
		for _, q := range byName {
			if q.at("SqsManagedSseEnabled") != true {
				t.Errorf("%s is not encrypted", q)
			}
			if !m.refusesPlainHTTP(t, "SQS::QueuePolicy", "Queues", q.stack+"/"+q.id) {
				t.Errorf("%s takes calls without TLS", q)
			}
		}
	})
}

// SQS tells the age of jobs that a worker has at hand, too. An alarm on it asks whether any waits,
// and asks one queue both.
func TestALongJobIsNotOneThatWaits(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		found := 0
		for _, a := range m.of(t, "CloudWatch::Alarm") {
			by := map[string]string{} // queue by metric
			for _, mm := range metricsOf(a) {
				if at(mm, "Namespace") == "AWS/SQS" {
					by[fmt.Sprint(at(mm, "MetricName"))] = m.name(a.stack, at(mm, "Dimensions", 0, "Value"))
				}
			}
			age, there := by["ApproximateAgeOfOldestMessage"]
			if !there {
				continue
			}
			found++
			var formulas []string
			for _, q := range list(a.at("Metrics")) {
				if e, ok := at(q, "Expression").(string); ok {
					formulas = append(formulas, e)
				}
			}
			if by["ApproximateNumberOfMessagesVisible"] != age || !slices.Equal(formulas, []string{"IF(FILL(visible,0) > 0, age, 0)"}) {
				t.Errorf("%s reads %v by %q", a, by, formulas)
			}
		}
		if want := len(names.Lanes) + 1; found != want {
			t.Errorf("%d alarms read the age of messages, want %d", found, want)
		}
	})
}

// watched is what alarms look at: the dimension of all of a namespace's metrics.
func (m *made) watched(t *testing.T, namespace, dimension string) (all []string) {
	t.Helper()
	for _, a := range m.of(t, "CloudWatch::Alarm") {
		for _, mm := range metricsOf(a) {
			if at(mm, "Namespace") != namespace {
				continue
			}
			for _, d := range list(at(mm, "Dimensions")) {
				if at(d, "Name") == dimension {
					all = append(all, m.name(a.stack, at(d, "Value")))
				}
			}
		}
	}
	return all
}

// metricsOf are all metrics that an alarm reads: its own, or those of its formula.
func metricsOf(a resource) (all []map[string]any) {
	if a.at("MetricName") != nil {
		return []map[string]any{a.props}
	}
	for _, q := range list(a.at("Metrics")) {
		if s, ok := at(q, "MetricStat", "Metric").(map[string]any); ok {
			all = append(all, s)
		}
	}
	return all
}

// refusesPlainHTTP says whether a policy of that kind for a resource denies what comes
// without TLS.
func (m *made) refusesPlainHTTP(t *testing.T, kind, field, of string) bool {
	t.Helper()
	for _, p := range m.of(t, kind) {
		var on []string
		for _, r := range list(p.at(field)) {
			on = append(on, m.name(p.stack, r))
		}
		if !slices.Contains(on, of) {
			continue
		}
		for _, s := range list(p.at("PolicyDocument", "Statement")) {
			if at(s, "Effect") == "Deny" && at(s, "Condition", "Bool", "aws:SecureTransport") == "false" && everybody(s) {
				return true
			}
		}
	}
	return false
}

// everybody says whether a statement is about all principals.
func everybody(statement any) bool {
	return at(statement, "Principal") == "*" || slices.Contains(list(at(statement, "Principal", "AWS")), any("*"))
}

func TestS3TellsTheRightQueueOfUploads(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		var told int
		for _, b := range m.of(t, "S3::Bucket") {
			for _, c := range list(b.at("NotificationConfiguration", "QueueConfigurations")) {
				told++
				if got := m.name(b.stack, at(c, "Queue")); !strings.Contains(got, "/Laneuploads") {
					t.Errorf("%s tells %s of uploads", b, got)
				}
				if p := at(c, "Filter", "S3Key", "Rules", 0, "Value"); p != names.Raw {
					t.Errorf("%s tells of keys below %v", b, p)
				}
			}
		}
		want := 1
		if m.config.Primary != "" { // S3 tells of what it copies, too
			want = 0
		}
		if told != want {
			t.Errorf("%d buckets tell of uploads, want %d", told, want)
		}
	})
}
