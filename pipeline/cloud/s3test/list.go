package s3test

import (
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

type listResult struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listed
}

type listed struct {
	Key          string
	LastModified string
	ETag         string
	Size         int
}

// list answers ListObjectsV2. A token is the key that the page before ended with. The
// server is locked.
func (s *Server) list(r *http.Request, bucket string) *answer {
	query := r.URL.Query()
	limit, err := strconv.Atoi(query.Get("max-keys"))
	if err != nil || limit < 0 || query.Has("delimiter") {
		return failure(http.StatusBadRequest, "InvalidArgument", "A list has a number of keys and no delimiter.")
	}
	after := max(query.Get("start-after"), query.Get("continuation-token"))
	var out listResult
	for _, path := range slices.Sorted(maps.Keys(s.objects)) {
		key, ours := strings.CutPrefix(path, bucket+"/")
		if !ours || !strings.HasPrefix(key, query.Get("prefix")) || key <= after {
			continue
		}
		if len(out.Contents) == min(limit, s.page) {
			out.IsTruncated, out.NextContinuationToken = true, out.Contents[len(out.Contents)-1].Key
			break
		}
		o := s.objects[path]
		out.Contents = append(out.Contents, listed{key, o.modified.UTC().Format("2006-01-02T15:04:05.000Z"), o.tag, len(o.data)})
	}
	return answerXML(http.StatusOK, out)
}

// copy answers CopyObject of an object onto itself. The server is locked.
func (s *Server) copy(r *http.Request, path string) *answer {
	source, err := url.PathUnescape(r.Header.Get("X-Amz-Copy-Source"))
	if err != nil || strings.TrimPrefix(source, "/") != path || r.Header.Get("X-Amz-Metadata-Directive") != "REPLACE" {
		return failure(http.StatusNotImplemented, "NotImplemented", "Objects are copied onto themselves, with other metadata.")
	}
	o, ok := s.objects[path]
	if !ok {
		return failure(http.StatusNotFound, "NoSuchKey", "There is no such key.")
	}
	o = s.put(path, o.data, r.Header.Get("Content-Type"))
	return answerXML(http.StatusOK, struct {
		XMLName            xml.Name `xml:"CopyObjectResult"`
		ETag, LastModified string
	}{ETag: o.tag, LastModified: o.modified.UTC().Format(time.RFC3339)})
}

// drop answers DeleteObject. The server is locked.
func (s *Server) drop(path string) *answer {
	delete(s.objects, path)
	return newAnswer(http.StatusNoContent)
}
