package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// An Upload is a raw file that arrived in a bucket, as S3 tells of it.
type Upload struct {
	Bucket, Key     string
	ETag            string // as told: EventBridge and S3 leave the quotes away
	Size            int64  // bytes
	Merchant, Model string // from the key, {prefix}/{merchant}/{model}.glb
}

// asks is what a message asks for: a job, or uploads to be registered, or nothing.
type asks struct {
	job     asset.Job
	uploads []Upload // empty when there is a job
	nothing bool     // S3 only tries if it may send
}

// merchant is whose turn the message takes.
func (a asks) merchant() string {
	if len(a.uploads) > 0 {
		return a.uploads[0].Merchant
	}
	return a.job.Merchant
}

// messageVersion is the version of our own messages.
const messageVersion = 1

// ownMessage is what Send sends.
type ownMessage struct {
	Plinth int `json:"plinth"` // messageVersion
	asset.Job
}

// encodeJob makes our own message.
func encodeJob(j asset.Job) (string, error) {
	if err := checkJob(j); err != nil {
		return "", err
	}
	text, err := json.Marshal(ownMessage{messageVersion, j})
	return string(text), err
}

func checkJob(j asset.Job) error {
	for _, id := range []string{j.Merchant, j.Model, j.Version} {
		if err := asset.CheckID(id); err != nil {
			return err
		}
	}
	return nil
}

// envelope has the fields by which the shapes of messages are told apart.
type envelope struct {
	Plinth     *int            `json:"plinth"`      // ours
	Event      string          `json:"Event"`       // s3:TestEvent
	Records    []s3Record      `json:"Records"`     // S3
	DetailType string          `json:"detail-type"` // EventBridge
	Source     string          `json:"source"`
	Detail     json.RawMessage `json:"detail"`
	Type       string          `json:"Type"` // SNS
	Message    string          `json:"Message"`
}

// decodeMessage reads a message of any shape that is known. ErrInvalid says that it is
// of none, and why. Message bodies are hostile: who may write to a bucket names its keys.
func decodeMessage(body string) (asks, error) {
	a, err := decodeShape(body, true)
	if err != nil {
		return asks{}, fmt.Errorf("%w: the message is not understood: %w", asset.ErrInvalid, err)
	}
	return a, nil
}

// decodeShape reads a message; wrapped ones are opened once.
func decodeShape(body string, wrapped bool) (asks, error) {
	var e envelope
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return asks{}, fmt.Errorf("its JSON is broken or of another kind: %w", err)
	}
	switch {
	case e.Plinth != nil:
		return decodeOwn(body, *e.Plinth)
	case e.Type == "Notification" && wrapped:
		return decodeShape(e.Message, false)
	case e.Event == "s3:TestEvent":
		return asks{nothing: true}, nil
	case e.Source == "aws.s3":
		return decodeEventBridge(e)
	case len(e.Records) > 0:
		return decodeS3(e.Records)
	}
	return asks{}, fmt.Errorf("it is no job, no event of S3 or EventBridge, and no notification of SNS with one in it")
}

func decodeOwn(body string, version int) (asks, error) {
	if version != messageVersion {
		return asks{}, fmt.Errorf("its version is %d, this program reads %d; redrive it once all workers are new", version, messageVersion)
	}
	var m ownMessage
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return asks{}, err
	}
	return asks{job: m.Job}, checkJob(m.Job)
}

// s3Record is one record of an event that S3 sends itself.
type s3Record struct {
	EventSource string `json:"eventSource"`
	EventName   string `json:"eventName"`
	S3          struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key  string `json:"key"` // encoded as in a query
			Size int64  `json:"size"`
			ETag string `json:"eTag"`
		} `json:"object"`
	} `json:"s3"`
}

func decodeS3(records []s3Record) (asks, error) {
	var a asks
	for i, r := range records {
		if r.EventSource != "aws:s3" || !strings.HasPrefix(r.EventName, "ObjectCreated:") {
			return asks{}, fmt.Errorf("record %d is %.80q of %.80q, not ObjectCreated of aws:s3", i, r.EventName, r.EventSource)
		}
		key, err := url.QueryUnescape(r.S3.Object.Key)
		if err != nil {
			return asks{}, fmt.Errorf("record %d: the key: %w", i, err)
		}
		u, err := newUpload(r.S3.Bucket.Name, key, r.S3.Object.ETag, r.S3.Object.Size)
		if err != nil {
			return asks{}, fmt.Errorf("record %d: %w", i, err)
		}
		a.uploads = append(a.uploads, u)
	}
	return a, nil
}

func decodeEventBridge(e envelope) (asks, error) {
	if e.DetailType != "Object Created" {
		return asks{}, fmt.Errorf("it is %.80q of EventBridge, not Object Created", e.DetailType)
	}
	var d struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key  string `json:"key"` // as it is
			Size int64  `json:"size"`
			ETag string `json:"etag"`
		} `json:"object"`
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return asks{}, fmt.Errorf("its detail: %w", err)
	}
	u, err := newUpload(d.Bucket.Name, d.Object.Key, d.Object.ETag, d.Object.Size)
	return asks{uploads: []Upload{u}}, err
}

// newUpload reads merchant and model from a key.
func newUpload(bucket, key, etag string, size int64) (Upload, error) {
	u := Upload{Bucket: bucket, Key: key, ETag: etag, Size: size}
	_, merchant, model, err := rawKey(key)
	if err != nil {
		return Upload{}, err
	}
	if bucket == "" || size < 0 {
		return Upload{}, fmt.Errorf("the bucket is %.80q and the size %d", bucket, size)
	}
	u.Merchant, u.Model = merchant, model
	return u, nil
}

// rawKey reads what names the model in a key; the prefix, which is empty or ends with a
// slash, is for Raw to judge.
func rawKey(key string) (prefix, merchant, model string, err error) {
	rest, glb := strings.CutSuffix(key, ".glb")
	path := strings.Split(rest, "/")
	if !glb || len(path) < 2 {
		return "", "", "", fmt.Errorf("%w: the key %.200q is not {merchant}/{model}.glb, with or without a prefix", asset.ErrInvalid, key)
	}
	merchant, model = path[len(path)-2], path[len(path)-1]
	if err := errors.Join(asset.CheckID(merchant), asset.CheckID(model)); err != nil {
		return "", "", "", err
	}
	return strings.TrimSuffix(rest, merchant+"/"+model), merchant, model, nil
}
