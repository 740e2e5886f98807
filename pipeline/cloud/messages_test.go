package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// notice wraps a message as SNS does.
func notice(t *testing.T, body string) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:us-east-1:1:raw", "Message": body})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func bridge(key string) string {
	return fmt.Sprintf(`{"version":"0","id":"2d4eba74","detail-type":"Object Created","source":"aws.s3","account":"1","region":"us-east-1",
		"detail":{"version":"0","bucket":{"name":"raw"},"object":{"key":%q,"size":5,"etag":"e1","sequencer":"1"},"request-id":"R","reason":"PutObject"}}`, key)
}

func TestMessagesOfAllShapes(t *testing.T) {
	upload := func(key, model string, size int64, etag string) Upload {
		return Upload{Bucket: "raw", Key: key, ETag: etag, Size: size, Merchant: "m", Model: model}
	}
	two := asks{uploads: []Upload{upload("raw/m/a.glb", "a", 9, "e"), upload("raw/m/b.glb", "b", 9, "e")}}
	for name, c := range map[string]struct {
		body string
		want asks
	}{
		"a job":                      {`{"plinth":1,"merchant":"m","model":"a.b","version":"1"}`, asks{job: jobOf("m", "a.b")}},
		"a job with something new":   {`{"plinth":1,"merchant":"m","model":"a","version":"1","new":[1]}`, asks{job: jobOf("m", "a")}},
		"an event of S3":             {arrival("raw/m/a.glb"), asks{uploads: two.uploads[:1]}},
		"one with several records":   {arrival("raw/m/a.glb", "raw/m/b.glb"), two},
		"one whose key is encoded":   {arrival("raw%2Fm/a%2Eglb"), asks{uploads: two.uploads[:1]}},
		"an event of EventBridge":    {bridge("raw/m/a.glb"), asks{uploads: []Upload{upload("raw/m/a.glb", "a", 5, "e1")}}},
		"a notice of an event of S3": {notice(t, arrival("raw/m/a.glb", "raw/m/b.glb")), two},
		"a notice of EventBridge's":  {notice(t, bridge("raw/m/a.glb")), asks{uploads: []Upload{upload("raw/m/a.glb", "a", 5, "e1")}}},
		"a notice of a job":          {notice(t, `{"plinth":1,"merchant":"m","model":"a","version":"1"}`), asks{job: jobOf("m", "a")}},
		"S3 tries":                   {`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"raw"}`, asks{nothing: true}},
		"S3 tries by way of SNS":     {notice(t, `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"raw"}`), asks{nothing: true}},
	} {
		got, err := decodeMessage(c.body)
		if err != nil || !cmp.Equal(got, c.want, cmp.AllowUnexported(asks{})) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestMessagesOfOtherShapesSayWhy(t *testing.T) {
	for body, want := range map[string]string{
		"":               "JSON",
		"null":           "it is no job",
		"[]":             "JSON",
		"{}":             "it is no job",
		`{"a":1}`:        "it is no job",
		`{"plinth":"1"}`: "JSON",
		`{"plinth":2,"merchant":"m","model":"a","version":"1"}`:    "version is 2",
		`{"plinth":1,"merchant":"m","model":"../a","version":"1"}`: "no name",
		`{"plinth":1,"merchant":"m","model":"a"}`:                  "no name",
		`{"Records":[]}`:                       "it is no job",
		arrival("raw/m/a.glb", "raw/m/b.gltf"): "record 1",
		arrival("raw/m/%zz.glb"):               "the key",
		arrival("raw/m/a+b.glb"):               "no name", // a space
		arrival("raw/M/a.glb"):                 "no name",
		arrival("raw/m/.glb"):                  "no name",
		arrival("a.glb"):                       "is not {merchant}/",
		arrival("raw/m/a.obj"):                 "is not {merchant}/",
		arrival("raw/m/%2e%2e%2fa.glb"):        "no name",
		bridge("raw%2Fm/a.glb"):                "no name", // EventBridge encodes nothing
		strings.Replace(arrival("raw/m/a.glb"), "Created:Put", "Removed:Delete", 1):   "ObjectRemoved:Delete",
		strings.Replace(arrival("raw/m/a.glb"), "aws:s3", "aws:ses", 1):               "aws:ses",
		strings.Replace(arrival("raw/m/a.glb"), `"size":9`, `"size":-9`, 1):           "size -9",
		strings.Replace(bridge("raw/m/a.glb"), "Object Created", "Object Deleted", 1): "Object Deleted",
		notice(t, notice(t, arrival("raw/m/a.glb"))):                                  "it is no job",
		`{"Type":"SubscriptionConfirmation","Message":"x"}`:                           "it is no job",
	} {
		if _, err := decodeMessage(body); !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", body, err, want)
		}
	}
}

func TestJobsComeBackFromMessages(t *testing.T) {
	id := rapid.StringMatching(`[a-z0-9]([a-z0-9_-]{0,20}[a-z0-9])?`)
	rapid.Check(t, func(t *rapid.T) {
		j := asset.Job{Merchant: id.Draw(t, "merchant"), Model: id.Draw(t, "model"), Version: id.Draw(t, "version")}
		body, err := encodeJob(j)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeMessage(body); err != nil || got.job != j || len(got.uploads) > 0 || got.nothing {
			t.Errorf("got %+v, %v, want %v", got, err, j)
		}
	})
}

func FuzzMessage(f *testing.F) {
	for _, body := range []string{`{"plinth":1,"merchant":"m","model":"a","version":"1"}`, arrival("raw/m/a.glb", "raw/m/b.glb"), bridge("raw/m/a.glb"), `{"Type":"Notification","Message":"{}"}`, `{"Event":"s3:TestEvent"}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		a, err := decodeMessage(body)
		if err != nil {
			if !errors.Is(err, asset.ErrInvalid) {
				t.Errorf("got %v", err)
			}
			return
		}
		for _, u := range a.uploads {
			if asset.CheckID(u.Merchant) != nil || asset.CheckID(u.Model) != nil || !strings.HasSuffix("/"+u.Key, "/"+u.Merchant+"/"+u.Model+".glb") {
				t.Errorf("got %+v", u)
			}
		}
		if len(a.uploads) == 0 && !a.nothing && checkJob(a.job) != nil {
			t.Errorf("got %+v", a)
		}
	})
}
