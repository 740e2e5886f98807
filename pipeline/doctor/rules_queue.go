package doctor

import (
	"fmt"
	"slices"
	"strings"
)

var queues = []string{"AWS::SQS::Queue"}

// What the product needs of queues.
const (
	buriesAfter = 5  // receives, by the product itself and with a reason
	leaseTime   = 30 // seconds until a job is extended for the first time
	dayTime     = 86400
	deadDays    = 14
	keptDays    = 4 // what SQS does unless told
)

var queueRules = []Rule{
	{
		ID: "queue-dlq", Pillar: Availability, Severity: Error, types: queues, seen: []string{"RedrivePolicy"},
		Title: "a queue has no dead-letter queue", Do: "set RedrivePolicy, with a queue of its own for what can't be done",
		check: func(e *Estate, r *Resource) string {
			return unless(takesDead(e, r) || r.at("RedrivePolicy", "deadLetterTargetArn").there(), "a message that can't be handled comes back until it expires, and is then lost")
		},
	},
	{
		ID: "queue-receives", Pillar: Availability, Severity: Warning, types: queues, seen: []string{"RedrivePolicy"},
		Title: "SQS takes jobs away before they are buried with a reason", Do: "set maxReceiveCount to 10: workers bury a job at its 6th receipt and say why", check: queueReceives,
	},
	{
		ID: "queue-visibility", Pillar: Availability, Severity: Warning, types: queues, seen: []string{"VisibilityTimeout"},
		Title: "a message is handed out again while it is worked on", Do: "set VisibilityTimeout to 30 seconds or more, the workers' --lease",
		check: func(e *Estate, r *Resource) string {
			seconds := r.at("VisibilityTimeout").number(leaseTime)
			return unless(takesDead(e, r) || seconds >= leaseTime, fmt.Sprintf("messages are hidden for %g s, less than the workers' lease of %d s", seconds, leaseTime))
		},
	},
	{
		ID: "queue-wait", Pillar: Performance, Severity: Warning, types: queues, seen: []string{"ReceiveMessageWaitTimeSeconds"},
		Title: "an empty lane keeps the others waiting", Do: "set ReceiveMessageWaitTimeSeconds to 0: workers say themselves how long they wait", check: queueWait,
	},
	{
		ID: "queue-outlives", Pillar: Availability, Severity: Warning, types: queues, seen: []string{"RedrivePolicy", "MessageRetentionPeriod"},
		Title: "dead letters expire with the messages they were", Do: "keep messages for fewer days than their dead letters: their age counts on", check: queueOutlives,
	},
	{
		ID: "dlq-retention", Pillar: Availability, Severity: Warning, types: queues, seen: []string{"MessageRetentionPeriod"},
		Title: "dead letters are lost before someone looks", Do: "set MessageRetentionPeriod of the dead-letter queue to 1209600, 14 days",
		check: func(e *Estate, r *Resource) string {
			return unless(!takesDead(e, r) || retention(r) >= deadDays, fmt.Sprintf("dead letters are kept for %g days, not %d", retention(r), deadDays))
		},
	},
	{
		ID: "dlq-filled", Pillar: Availability, Severity: Warning, types: queues, seen: []string{"ApproximateNumberOfMessages"},
		Title: "there are dead letters", Do: "see why with plinth jobs list --dead, then have them made with plinth jobs redrive, or deleted with plinth jobs drop",
		check: func(e *Estate, r *Resource) string {
			n := r.at("ApproximateNumberOfMessages").number(0)
			return unless(!takesDead(e, r) || n == 0, fmt.Sprintf("%g dead letters wait", n))
		},
	},
	{
		ID: "queue-encryption", Pillar: Security, Severity: Warning, types: queues, seen: []string{"SqsManagedSseEnabled", "KmsMasterKeyId"},
		Title: "messages of a queue aren't encrypted at rest", Do: "set KmsMasterKeyId or SqsManagedSseEnabled",
		check: func(_ *Estate, r *Resource) string {
			return unless(r.at("KmsMasterKeyId").there() || !r.at("SqsManagedSseEnabled").no(), "SqsManagedSseEnabled is false, and there is no key")
		},
	},
	{
		ID: "queue-tls", Pillar: Security, Severity: Warning, types: queues,
		Title: "a queue answers without TLS", Do: "add a queue policy that denies sqs:* where aws:SecureTransport is false", check: queueTLS,
	},
	{
		ID: "queue-alarm", Pillar: Availability, Severity: Warning, types: queues,
		Title: "nobody is told when a queue isn't worked off", Do: "add an alarm on ApproximateAgeOfOldestMessage",
		check: func(e *Estate, r *Resource) string {
			return unless(takesDead(e, r) || watched(e, r, "ApproximateAgeOfOldestMessage"), "no alarm is on the age of its oldest message")
		},
	},
	{
		ID: "dlq-alarm", Pillar: Availability, Severity: Warning, types: queues,
		Title: "nobody is told of dead letters", Do: "add an alarm on ApproximateNumberOfMessagesVisible above 0",
		check: func(e *Estate, r *Resource) string {
			return unless(!takesDead(e, r) || watched(e, r, "ApproximateNumberOfMessagesVisible"), "no alarm is on the number of its messages")
		},
	},
	{
		ID: "function-visibility", Pillar: Availability, Severity: Warning, types: []string{"AWS::Lambda::EventSourceMapping"},
		Title: "a queue hands a message out again while its function runs", Do: "set VisibilityTimeout of the queue to 6 times the function's Timeout", check: functionVisibility,
	},
}

// takesDead tells if a queue is one for dead letters, of queues, functions or events.
func takesDead(e *Estate, r *Resource) bool {
	return len(e.sources[r]) > 0 || slices.ContainsFunc(e.uses[r], func(u use) bool {
		return strings.Contains(strings.ToLower(u.at), "deadletter") || strings.Contains(u.at, "OnFailure")
	})
}

// deadLetters are the queues whose dead letters go to a queue, by that queue.
func deadLetters(all []*Resource) map[*Resource][]*Resource {
	called := map[string]*Resource{}
	for _, q := range all {
		if name := q.at("QueueName").text(); name != "" {
			called[name] = q
		}
	}
	sources := map[*Resource][]*Resource{}
	for _, q := range all {
		target := q.at("RedrivePolicy", "deadLetterTargetArn")
		dead, arn := target.to(queues...), target.pattern()
		if dead == nil {
			dead = called[arn[strings.LastIndexByte(arn, ':')+1:]]
		}
		if dead != nil && dead != q {
			sources[dead] = append(sources[dead], q)
		}
	}
	return sources
}

func queueReceives(_ *Estate, r *Resource) string {
	policy := r.at("RedrivePolicy")
	n := policy.at("maxReceiveCount").number(0)
	return unless(!policy.there() || n > buriesAfter, fmt.Sprintf("maxReceiveCount is %g, not more than %d", n, buriesAfter))
}

func queueWait(e *Estate, r *Resource) string {
	seconds := r.at("ReceiveMessageWaitTimeSeconds").number(0)
	fed := slices.ContainsFunc(e.of("AWS::Lambda::EventSourceMapping"), func(m *Resource) bool { return linked(m.at("EventSourceArn"), r) })
	return unless(seconds == 0 || fed || takesDead(e, r), fmt.Sprintf("each receipt waits for up to %g s", seconds))
}

// retention is how long messages are kept, in days.
func retention(r *Resource) float64 {
	return r.at("MessageRetentionPeriod").number(keptDays*dayTime) / dayTime
}

func queueOutlives(e *Estate, r *Resource) string {
	for dead, from := range e.sources { // one at most
		if slices.Contains(from, r) && dead.Unseen["MessageRetentionPeriod"] == "" && retention(dead) <= retention(r) {
			return fmt.Sprintf("messages are kept for %g days, dead letters for %g", retention(r), retention(dead))
		}
	}
	return ""
}

func queueTLS(e *Estate, r *Resource) string {
	for _, p := range e.of("AWS::SQS::QueuePolicy", "AWS::SQS::QueueInlinePolicy") {
		mine := slices.ContainsFunc(append(p.at("Queues").each(), p.at("Queue")), func(q value) bool { return linked(q, r) })
		if mine && slices.ContainsFunc(p.at("PolicyDocument", "Statement").each(), deniesPlain) {
			return ""
		}
	}
	return "no policy denies requests without TLS"
}

func functionVisibility(e *Estate, r *Resource) string {
	function := r.at("FunctionName").to("AWS::Lambda::Function")
	for _, q := range e.of(queues...) {
		if function == nil || !linked(r.at("EventSourceArn"), q) {
			continue
		}
		hidden, runs := q.at("VisibilityTimeout").number(leaseTime), function.at("Timeout").number(3)
		if hidden < 6*runs {
			return fmt.Sprintf("messages of %s are hidden for %g s, and %s may run for %g s", q.ID, hidden, function.ID, runs)
		}
	}
	return ""
}
