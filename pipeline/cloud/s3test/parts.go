package s3test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
)

// minPart is the least size of a part but the last, in bytes.
const minPart = 5 << 20

// multipart is an upload in parts.
type multipart struct {
	path  string
	kind  string // Content-Type
	parts map[int]object
}

// begin answers CreateMultipartUpload. The server is locked.
func (s *Server) begin(r *http.Request, path string) *answer {
	if r.Header.Get("If-None-Match") != "" {
		return failure(http.StatusNotImplemented, "NotImplemented", "The condition goes with the end of an upload.")
	}
	s.began++
	id := fmt.Sprint("upload-", s.began)
	s.uploads[id] = &multipart{path, r.Header.Get("Content-Type"), map[int]object{}}
	return answerXML(http.StatusOK, struct {
		XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
		UploadId string   //nolint:revive // S3's own spelling
	}{UploadId: id})
}

// upload is the one that a request is about; nil if there is none.
func (s *Server) upload(r *http.Request, path string) *multipart {
	if u := s.uploads[r.URL.Query().Get("uploadId")]; u != nil && u.path == path {
		return u
	}
	return nil
}

func noUpload() *answer {
	return failure(http.StatusNotFound, "NoSuchUpload", "There is no such upload.")
}

// part answers UploadPart. The server is locked.
func (s *Server) part(r *http.Request, path string, data []byte) *answer {
	u := s.upload(r, path)
	if u == nil {
		return noUpload()
	}
	n, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
	if err != nil || n < 1 || n > 10000 {
		return failure(http.StatusBadRequest, "InvalidArgument", "Parts are 1 to 10000.")
	}
	u.parts[n] = newObject(data)
	a := newAnswer(http.StatusOK)
	a.header.Set("ETag", u.parts[n].tag)
	return a
}

// complete answers CompleteMultipartUpload. The server is locked, so of two writers one
// wins.
func (s *Server) complete(r *http.Request, path string, body []byte) *answer {
	u := s.upload(r, path)
	if u == nil {
		return noUpload()
	}
	if bad := s.refused(r, path); bad != nil {
		return bad
	}
	var list struct {
		Parts []struct {
			PartNumber int
			ETag       string
		} `xml:"Part"`
	}
	if err := xml.Unmarshal(body, &list); err != nil || len(list.Parts) == 0 {
		return failure(http.StatusBadRequest, "MalformedXML", "The list of parts is none.")
	}
	var whole bytes.Buffer
	for i, p := range list.Parts {
		part, ok := u.parts[p.PartNumber]
		switch {
		case !ok || part.tag != p.ETag:
			return failure(http.StatusBadRequest, "InvalidPart", "A part is not there, or another.")
		case i > 0 && p.PartNumber <= list.Parts[i-1].PartNumber:
			return failure(http.StatusBadRequest, "InvalidPartOrder", "Parts are out of order.")
		case i < len(list.Parts)-1 && len(part.data) < minPart:
			return failure(http.StatusBadRequest, "EntityTooSmall", "A part is too small.")
		}
		whole.Write(part.data)
	}
	delete(s.uploads, r.URL.Query().Get("uploadId"))
	return answerXML(http.StatusOK, struct {
		XMLName xml.Name `xml:"CompleteMultipartUploadResult"`
		ETag    string
	}{ETag: s.put(path, whole.Bytes(), u.kind).tag})
}

// abort answers AbortMultipartUpload. The server is locked.
func (s *Server) abort(r *http.Request) *answer {
	id := r.URL.Query().Get("uploadId")
	if s.uploads[id] == nil {
		return noUpload()
	}
	delete(s.uploads, id)
	return newAnswer(http.StatusNoContent)
}
