package cloud

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
)

func TestTakeDoesWhatAMessageAsksFor(t *testing.T) {
	own, err := encodeJob(jobOf("m", "own"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body   string
		jobs   []string // models
		letter string   // its code
		again  error
	}{
		"an upload":                     {arrival("raw/m/a.glb"), []string{"a"}, "", nil},
		"an upload that SNS tells of":   {fmt.Sprintf(`{"Type":"Notification","Message":%q}`, arrival("raw/m/a.glb")), []string{"a"}, "", nil},
		"an upload of EventBridge":      {`{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"raw"},"object":{"key":"raw/m/a.glb","size":9,"etag":"e"}}}`, []string{"a"}, "", nil},
		"several":                       {arrival("raw/m/a.glb", "raw/m/b.glb"), []string{"a", "b"}, "", nil},
		"one that is done":              {arrival("raw/m/done.glb"), nil, "", nil},
		"a job":                         {own, []string{"own"}, "", nil},
		"a trial of S3":                 {`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"raw"}`, nil, "", nil},
		"what isn't understood":         {"no JSON", nil, "not-understood", nil},
		"one that is gone, beside some": {arrival("raw/m/a.glb", "raw/m/gone.glb", "raw/m/b.glb"), []string{"a", "b"}, "not-accepted", nil},
		"a catalog that doesn't answer": {arrival("raw/m/a.glb", "raw/m/down.glb"), nil, "", asset.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, config := shop(t, "jobs")
				config.Accept = func(_ context.Context, u Upload) (asset.Job, error) {
					kinds := map[string]error{"done": asset.ErrConflict, "gone": asset.ErrNotFound, "down": asset.ErrUnavailable}
					return jobOf(u.Merchant, u.Model), kinds[u.Model]
				}
				q := begin(t, s, config)
				if err := q.Take(t.Context(), Message{c.body, 3}); !errors.Is(err, c.again) {
					t.Fatalf("got %v, want %v", err, c.again)
				}
				var jobs []string
				for _, m := range s.Messages("jobs") {
					a, err := decodeMessage(m.Body)
					if err != nil {
						t.Fatal(err)
					}
					jobs = append(jobs, a.job.Model)
				}
				if got, want := strings.Join(jobs, " "), strings.Join(c.jobs, " "); got != want {
					t.Errorf("jobs are %q, want %q", got, want)
				}
				dead := s.Messages("jobs-dead")
				if (len(dead) == 1) != (c.letter != "") {
					t.Fatalf("dead are %+v", dead)
				}
				if c.letter != "" && (dead[0].Body != c.body || dead[0].Attributes[attrCode] != c.letter || dead[0].Attributes[attrReason] == "" || dead[0].Attributes[attrReceives] != "3") {
					t.Errorf("the dead letter is %+v", dead[0])
				}
			})
		})
	}
}

func TestAMessageThatCantBeTakenComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		ctx, cancel := context.WithCancel(t.Context())
		c.Accept = func(_ context.Context, u Upload) (asset.Job, error) {
			if u.Model == "late" {
				cancel()
			}
			return jobOf(u.Merchant, u.Model), nil
		}
		q := begin(t, s, c)
		s.Break("SendMessage", "jobs", sqstest.Status(500, "InternalFailure"))
		if err := q.Take(t.Context(), Message{arrival("raw/m/a.glb"), 1}); !errors.Is(err, asset.ErrUnavailable) {
			t.Errorf("a lane that is down: got %v", err)
		}
		s.Break("SendMessage", "jobs-dead", sqstest.Status(500, "InternalFailure"))
		if err := q.Take(t.Context(), Message{"no JSON", 1}); !errors.Is(err, asset.ErrUnavailable) {
			t.Errorf("dead letters that are down: got %v", err)
		}
		s.Heal()
		if err := q.Take(ctx, Message{arrival("raw/m/late.glb"), 1}); !errors.Is(err, context.Canceled) {
			t.Errorf("no time left: got %v", err)
		}
		if all := append(s.Messages("jobs"), s.Messages("jobs-dead")...); len(all) > 0 {
			t.Errorf("sent was %+v", all)
		}
	})
}
