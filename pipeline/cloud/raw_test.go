package cloud

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

func openRaw(t *testing.T, url string) *Raw {
	t.Helper()
	r, err := OpenRaw(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// send does what was signed, as a browser or curl would, and returns the answer's status
// and ETag.
func send(t *testing.T, p Presigned, body string) (int, string) {
	t.Helper()
	var data bytes.Buffer
	data.WriteString(body)
	contentType := ""
	if p.Method == http.MethodPost {
		data.Reset()
		form := multipart.NewWriter(&data)
		var err error
		for name, value := range p.Fields {
			err = errors.Join(err, form.WriteField(name, value))
		}
		file, e := form.CreateFormFile("file", "model.glb")
		if err = errors.Join(err, e); err == nil {
			_, err = file.Write([]byte(body))
		}
		if err = errors.Join(err, form.Close()); err != nil {
			t.Fatal(err)
		}
		contentType = form.FormDataContentType()
	}
	r, err := http.NewRequestWithContext(t.Context(), p.Method, p.URL, &data)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range p.Headers {
		r.Header.Set(name, value)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode >= 300 {
		t.Logf("%s: %s", answer.Status, text)
	}
	return answer.StatusCode, answer.Header.Get("ETag")
}

// read reads an upload that S3 told of.
func (r *Raw) readAll(t *testing.T, u Upload) (RawObject, string, error) {
	t.Helper()
	o, err := r.Read(t.Context(), u)
	if err != nil {
		return RawObject{}, "", err
	}
	defer o.Body.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(o.Body)
	return *o, string(data), err
}

func TestSignedUploadsArrive(t *testing.T) {
	bucket := peerBucket(t)
	if os.Getenv("AWS_CA_BUNDLE") != "" {
		t.Skip("over TLS the requests are the same")
	}
	r := openRaw(t, bucket+"/in/box")
	arrived := func(model, want, unit string) {
		t.Helper()
		u := Upload{Bucket: r.store.bucket, Key: "in/box/acme/" + model + ".glb"}
		if o, got, err := r.readAll(t, u); err != nil || got != want || o.Unit != unit || o.Size != int64(len(want)) || o.Merchant != "acme" || o.Model != model {
			t.Errorf("%s: got %+v, %q, %v", model, o, got, err)
		}
	}
	t.Run("with one PUT", func(t *testing.T) {
		p, err := r.PresignPut(t.Context(), "acme", "chair", "cm", 5, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if status, _ := send(t, p, "hello"); status != http.StatusOK {
			t.Errorf("got %d for %+v", status, p)
		}
		arrived("chair", "hello", "cm")
		if status, _ := send(t, p, "hello and more"); status < 400 {
			t.Errorf("another size: got %d", status)
		}
		p.Headers["X-Amz-Meta-Unit"] = "m"
		if status, _ := send(t, p, "hello"); status < 400 {
			t.Errorf("another unit: got %d", status)
		}
	})
	t.Run("with a form", func(t *testing.T) {
		p, err := r.PresignPost(t.Context(), "acme", "table", "in", 9, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if status, _ := send(t, p, "hello"); status >= 300 {
			t.Errorf("got %d for %+v", status, p)
		}
		arrived("table", "hello", "in")
		for _, body := range []string{"", "0123456789"} {
			if status, _ := send(t, p, body); status < 400 {
				t.Errorf("%d bytes: got %d", len(body), status)
			}
		}
		p.Fields["key"] = "in/box/other/table.glb"
		if status, _ := send(t, p, "hello"); status < 400 {
			t.Errorf("another key: got %d", status)
		}
	})
	t.Run("in parts", func(t *testing.T) {
		u, err := r.Begin(t.Context(), "acme", "sofa", "ft")
		if err != nil {
			t.Fatal(err)
		}
		if u, err = r.Resume("acme", "sofa", u.ID()); err != nil {
			t.Fatal(err)
		}
		bodies := []string{strings.Repeat("x", 5<<20), "end"}
		tags := make([]string, len(bodies))
		for i, body := range bodies {
			p, err := u.PresignPart(t.Context(), i+1, int64(len(body)), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			status, tag := send(t, p, body)
			if status != http.StatusOK || tag == "" {
				t.Fatalf("part %d: got %d", i+1, status)
			}
			tags[i] = tag
		}
		if err := u.Complete(t.Context(), []string{tags[1], tags[0]}); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("the wrong way round: got %v, want ErrInvalid", err)
		}
		if err := u.Complete(t.Context(), tags); err != nil {
			t.Fatal(err)
		}
		arrived("sofa", strings.Join(bodies, ""), "ft")
		for range 2 {
			if err := u.Abort(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestWhatIsSignedIsBounded(t *testing.T) {
	s3test.New(t).Setenv(t)
	t.Setenv("AWS_SESSION_TOKEN", "session")
	r := openRaw(t, "s3://bucket/raw")
	p, err := r.PresignPut(t.Context(), "acme", "chair", "cm", 1234, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	if u.Path != "/bucket/raw/acme/chair.glb" || query.Get("X-Amz-Expires") != "3600" || query.Get("X-Amz-SignedHeaders") != "content-length;host;x-amz-meta-unit" || query.Get("X-Amz-Security-Token") != "session" {
		t.Errorf("it is %s", p.URL)
	}
	if len(p.Headers) != 2 || p.Headers["Content-Length"] != "1234" || p.Headers["X-Amz-Meta-Unit"] != "cm" || time.Until(p.Expires) > time.Hour || time.Until(p.Expires) < time.Hour-time.Minute {
		t.Errorf("it has %v until %s", p.Headers, p.Expires)
	}
	for _, c := range []struct {
		merchant, model string
		size            int64
		expires         time.Duration
	}{{"acme", "chair", 0, time.Hour}, {"acme", "chair", 1, 0}, {"acme", "chair", 1, MaxExpires + 1}, {"ACME", "chair", 1, time.Hour}, {"acme", "../x", 1, time.Hour}} {
		_, errPut := r.PresignPut(t.Context(), c.merchant, c.model, "", c.size, c.expires)
		_, errPost := r.PresignPost(t.Context(), c.merchant, c.model, "", c.size, c.expires)
		if !errors.Is(errPut, asset.ErrInvalid) || !errors.Is(errPost, asset.ErrInvalid) {
			t.Errorf("%+v: got %v and %v", c, errPut, errPost)
		}
	}
}

func TestAnUploadIsReadIfItIsTheOneToldOf(t *testing.T) {
	server := s3test.New(t)
	server.Setenv(t)
	server.Put("bucket/raw/acme/chair.glb", []byte("hello"))
	r := openRaw(t, "s3://bucket/raw")
	head, err := r.store.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &r.store.bucket, Key: r.store.name("acme/chair.glb")})
	if err != nil {
		t.Fatal(err)
	}
	tag := strings.Trim(*head.ETag, `"`)
	u := Upload{Bucket: "bucket", Key: "raw/acme/chair.glb", ETag: tag}
	if o, got, err := r.readAll(t, u); err != nil || got != "hello" || o.URL != "s3://bucket/raw/acme/chair.glb" || o.Arrived.IsZero() {
		t.Errorf("got %+v, %q, %v", o, got, err)
	}
	for name, c := range map[string]struct {
		u    Upload
		want error
	}{
		"another one":    {Upload{Bucket: "bucket", Key: u.Key, ETag: "0123"}, asset.ErrConflict},
		"one that went":  {Upload{Bucket: "bucket", Key: "raw/acme/table.glb", ETag: tag}, asset.ErrNotFound},
		"another bucket": {Upload{Bucket: "other", Key: u.Key, ETag: tag}, asset.ErrInvalid},
		"another prefix": {Upload{Bucket: "bucket", Key: "cooked/acme/chair.glb"}, asset.ErrInvalid},
		"no prefix":      {Upload{Bucket: "bucket", Key: "acme/chair.glb"}, asset.ErrInvalid},
		"a longer one":   {Upload{Bucket: "bucket", Key: "raw/raw/acme/chair.glb"}, asset.ErrInvalid},
		"no model":       {Upload{Bucket: "bucket", Key: "raw/acme/.glb"}, asset.ErrInvalid},
	} {
		if _, _, err := r.readAll(t, c.u); !is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	server.Break("GET", "", s3test.Truncate(3))
	if _, _, err := r.readAll(t, u); !is(err, asset.ErrUnavailable) {
		t.Errorf("cut off: got %v", err)
	}
}
