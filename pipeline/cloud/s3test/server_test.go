package s3test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// ask sends a request. header is name, value, name, value.
func ask(t *testing.T, s *Server, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "signed")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
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
	return answer, string(text)
}

func TestObjectsAreReadByParts(t *testing.T) {
	s := New(t)
	s.Put("b/k", []byte("0123456789"))
	const tag = `"781e5e245d69b566979b86e28d23f2c7"`
	for _, c := range []struct {
		method, field, value string
		status               int
		body, part           string
	}{
		{"GET", "", "", 200, "0123456789", ""},
		{"HEAD", "", "", 200, "", ""},
		{"GET", "Range", "bytes=2-4", 206, "234", "bytes 2-4/10"},
		{"GET", "Range", "bytes=8-100", 206, "89", "bytes 8-9/10"},
		{"GET", "Range", "bytes=8-", 206, "89", "bytes 8-9/10"},
		{"GET", "Range", "bytes=-3", 206, "789", "bytes 7-9/10"},
		{"GET", "Range", "bytes=10-", 416, "InvalidRange", ""},
		{"GET", "Range", "bytes=-0", 416, "InvalidRange", ""},
		{"GET", "Range", "bytes=4-2", 200, "0123456789", ""},
		{"GET", "If-Match", tag, 200, "0123456789", ""},
		{"GET", "If-Match", `"x"`, 412, "PreconditionFailed", ""},
		{"HEAD", "If-Match", `"x"`, 412, "", ""},
		{"GET", "If-None-Match", `"x", ` + tag, 304, "", ""},
		{"GET", "If-None-Match", `"x"`, 200, "0123456789", ""},
		{"GET", "Authorization", "", 403, "AccessDenied", ""},
		{"PATCH", "", "", 501, "NotImplemented", ""},
	} {
		var header []string
		if c.field != "" {
			header = []string{c.field, c.value}
		}
		answer, text := ask(t, s, c.method, "/b/k", "", header...)
		if answer.StatusCode != c.status || !strings.Contains(text, c.body) || c.body == "" && text != "" || answer.Header.Get("Content-Range") != c.part {
			t.Errorf("%s with %s %q: got %d, %q, %q", c.method, c.field, c.value, answer.StatusCode, text, answer.Header.Get("Content-Range"))
		}
		if c.status < 300 && (answer.Header.Get("ETag") != tag || answer.Header.Get("Last-Modified") == "") {
			t.Errorf("%s with %s %q: the header is %v", c.method, c.field, c.value, answer.Header)
		}
	}
}

func TestBodiesAreChecked(t *testing.T) {
	const chunks = "3;chunk-signature=x\r\nhel\r\n2\r\nlo\r\n0\r\n"
	streaming := []string{"X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length", "5"}
	trailing := append(streaming, "X-Amz-Trailer", "x-amz-checksum-crc32")
	for name, c := range map[string]struct {
		body   string
		header []string
		status int
		code   string
	}{
		"a body":                           {"hello", nil, 200, ""},
		"a body with its CRC-32":           {"hello", []string{"X-Amz-Checksum-Crc32", "NhCmhg=="}, 200, ""},
		"a body with another CRC-32":       {"hellO", []string{"X-Amz-Checksum-Crc32", "NhCmhg=="}, 400, "BadDigest"},
		"a body with another hash":         {"hello", []string{"X-Amz-Content-Sha256", strings.Repeat("0", 64)}, 400, "XAmzContentSHA256Mismatch"},
		"chunks":                           {chunks + "\r\n", streaming, 200, ""},
		"chunks and their checksum":        {chunks + "x-amz-checksum-crc32:NhCmhg==\r\n\r\n", trailing, 200, ""},
		"chunks and another checksum":      {chunks + "x-amz-checksum-crc32:AAAAAA==\r\n\r\n", trailing, 400, "BadDigest"},
		"chunks without their checksum":    {chunks + "\r\n", trailing, 400, "IncompleteBody"},
		"chunks that end early":            {"3\r\nhe", streaming, 400, "IncompleteBody"},
		"chunks that never end":            {"5\r\nhello\r\n", streaming, 400, "IncompleteBody"},
		"chunks of other bytes than told":  {"3\r\nhello\r\n0\r\n\r\n", streaming, 400, "IncompleteBody"},
		"chunks of another sum of lengths": {"3\r\nhel\r\n0\r\n\r\n", streaming, 400, "IncompleteBody"},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(t)
			answer, text := ask(t, s, "PUT", "/b/k", c.body, c.header...)
			got, there := s.Get("b/k")
			if answer.StatusCode != c.status || !strings.Contains(text, c.code) || there != (c.status == 200) || there && string(got) != "hello" {
				t.Errorf("got %d, %s; %q is there", answer.StatusCode, text, got)
			}
		})
	}
}

func TestAnObjectIsPutOnce(t *testing.T) {
	s := New(t)
	for i, want := range []int{200, 412} {
		if answer, _ := ask(t, s, "PUT", "/b/k", "hello", "If-None-Match", "*"); answer.StatusCode != want {
			t.Errorf("time %d: got %d", i+1, answer.StatusCode)
		}
	}
}

func TestFaultsEndWhenTheyAreHealed(t *testing.T) {
	s := New(t)
	s.Put("b/k", []byte("0123"))
	get := func(want int, body string) {
		t.Helper()
		if answer, text := ask(t, s, "GET", "/b/k", ""); answer.StatusCode != want || !strings.Contains(text, body) {
			t.Errorf("got %d, %q", answer.StatusCode, text)
		}
	}
	heal := s.Break("GET", "k", Status(500, "InternalError"))
	s.Break("GET", "other", Status(404, "NoSuchKey"))
	s.Break("PUT", "", Status(404, "NoSuchKey"))
	get(500, "InternalError")
	heal()
	get(200, "0123")
	s.Break("", "", Skip(1, Times(1, Flip(0))))
	get(200, "0123")
	get(200, "1123")
	get(200, "0123")
	s.Break("", "", Status(503, "SlowDown"))
	get(503, "SlowDown")
	s.Heal()
	get(200, "0123")
	if n := s.Count("GET", "b/k"); n != 7 || s.Count("PUT", "") != 0 {
		t.Errorf("%d requests are counted", n)
	}
}

func TestAnAnswerIsHeldUntilItsGateOpens(t *testing.T) {
	s := New(t)
	s.Put("b/k", []byte("0123"))
	gate := make(chan struct{})
	s.Break("", "", Hold(gate))
	done := make(chan string)
	go func() {
		_, text := ask(t, s, "GET", "/b/k", "")
		done <- text
	}()
	if err := s.Wait(t.Context(), "GET", "k", 1); err != nil {
		t.Fatal(err)
	}
	select {
	case text := <-done:
		t.Errorf("%q came through", text)
	default:
	}
	close(gate)
	if text := <-done; text != "0123" {
		t.Errorf("got %q", text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ctx, "GET", "k", 2); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestListsComeInPages(t *testing.T) {
	s := New(t)
	for _, path := range []string{"b/a", "b/c/1", "b/c/2", "b/c/3", "b/d", "other/c/4"} {
		s.Put(path, []byte("x"))
	}
	s.Page(2)
	_, text := ask(t, s, "GET", "/b?list-type=2&max-keys=1000&prefix=c/", "")
	if !strings.Contains(text, "<Key>c/2</Key>") || strings.Contains(text, "c/3") || !strings.Contains(text, "<IsTruncated>true</IsTruncated><NextContinuationToken>c/2</NextContinuationToken>") {
		t.Errorf("the first page is %s", text)
	}
	_, text = ask(t, s, "GET", "/b?list-type=2&max-keys=1000&prefix=c/&continuation-token=c/2", "")
	if !strings.Contains(text, "<Key>c/3</Key>") || strings.Contains(text, "c/4") || !strings.Contains(text, "<IsTruncated>false</IsTruncated>") {
		t.Errorf("the last page is %s", text)
	}
}

func TestAnUploadInPartsEnds(t *testing.T) {
	s := New(t)
	large := strings.Repeat("x", minPart)
	const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>%s</ETag></Part><Part><PartNumber>2</PartNumber><ETag>%s</ETag></Part></CompleteMultipartUpload>`
	for i, c := range []struct {
		first, condition string
		status           int
		code             string
	}{{large, "", 200, ""}, {large, "*", 412, "PreconditionFailed"}, {"small", "", 400, "EntityTooSmall"}} {
		_, text := ask(t, s, "POST", "/b/k?uploads", "")
		_, id, _ := strings.Cut(text, "<UploadId>")
		id, _, _ = strings.Cut(id, "<")
		var tags [2]string
		for n, body := range []string{c.first, "end"} {
			answer, _ := ask(t, s, "PUT", fmt.Sprintf("/b/k?partNumber=%d&uploadId=%s", n+1, id), body)
			tags[n] = answer.Header.Get("ETag")
		}
		answer, text := ask(t, s, "POST", "/b/k?uploadId="+id, fmt.Sprintf(list, tags[0], tags[1]), "If-None-Match", c.condition)
		if answer.StatusCode != c.status || !strings.Contains(text, c.code) {
			t.Errorf("number %d: got %d, %s", i, answer.StatusCode, text)
		}
		if got, _ := s.Get("b/k"); string(got) != large+"end" {
			t.Errorf("number %d: %d bytes are there", i, len(got))
		}
	}
	if n := s.Uploads(); n != 2 {
		t.Errorf("%d uploads are open, want those that failed", n)
	}
}
