package s3test

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// take answers PutObject. The server is locked, so of two writers one wins.
func (s *Server) take(r *http.Request, path string, data []byte) *answer {
	if bad := s.refused(r, path); bad != nil {
		return bad
	}
	a := newAnswer(http.StatusOK)
	a.header.Set("ETag", s.put(path, data, r.Header.Get("Content-Type")).tag)
	return a
}

// refused is the answer to a writer whose condition does not hold; nil where it does.
func (s *Server) refused(r *http.Request, path string) *answer {
	_, taken := s.objects[path]
	switch none := r.Header.Get("If-None-Match"); {
	case none != "" && none != "*":
		return failure(http.StatusNotImplemented, "NotImplemented", "If-None-Match takes * only.")
	case none == "*" && taken:
		return failure(http.StatusPreconditionFailed, "PreconditionFailed", "If-None-Match does not hold.")
	}
	return nil
}

// upload reads a body and checks all that is said about it.
func upload(r *http.Request) ([]byte, *answer) {
	header := r.Header.Clone()
	var data []byte
	var err error
	if chunked(header) {
		data, err = unchunk(bufio.NewReader(r.Body), header)
	} else {
		data, err = io.ReadAll(r.Body)
	}
	if err != nil {
		return nil, failure(http.StatusBadRequest, "IncompleteBody", err.Error())
	}
	if said := header.Get("X-Amz-Decoded-Content-Length"); said != "" && said != strconv.Itoa(len(data)) {
		return nil, failure(http.StatusBadRequest, "IncompleteBody", "The body has another length.")
	}
	if said := header.Get("X-Amz-Content-Sha256"); len(said) == 2*sha256.Size {
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != said {
			return nil, failure(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The body has another hash.")
		}
	}
	for name, sum := range checksums {
		said := header.Values("X-Amz-Checksum-" + name)
		if h := sum(); len(said) > 0 {
			_, _ = h.Write(data) // a hash can't fail
			if got := base64.StdEncoding.EncodeToString(h.Sum(nil)); len(said) > 1 || said[0] != got {
				return nil, failure(http.StatusBadRequest, "BadDigest", "The body has another checksum.")
			}
		}
	}
	return data, nil
}

// checksums are those that S3 knows.
var checksums = map[string]func() hash.Hash{
	"Crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"Crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
	"Sha1":      sha1.New,
	"Sha256":    sha256.New,
}

// chunked tells if a body comes in S3's own chunks.
func chunked(h http.Header) bool {
	return strings.HasPrefix(h.Get("X-Amz-Content-Sha256"), "STREAMING-") || strings.Contains(h.Get("Content-Encoding"), "aws-chunked")
}

// unchunk reads S3's own chunks: a size in hexadecimal, perhaps a signature, the
// bytes; and after an empty one the fields that X-Amz-Trailer names, which it adds to
// the header.
func unchunk(r *bufio.Reader, header http.Header) ([]byte, error) {
	var data bytes.Buffer
	lines := textproto.NewReader(r)
	for {
		line, err := lines.ReadLine()
		if err != nil {
			return nil, fmt.Errorf("the head of a chunk: %w", err)
		}
		text, _, _ := strings.Cut(line, ";")
		size, err := strconv.ParseUint(text, 16, 31)
		if err != nil {
			return nil, fmt.Errorf("the size of a chunk: %w", err)
		}
		if size == 0 {
			break
		}
		if _, err := io.CopyN(&data, r, int64(size)); err != nil {
			return nil, fmt.Errorf("a chunk of %d bytes: %w", size, err)
		}
		if end, err := lines.ReadLine(); err != nil || end != "" {
			return nil, fmt.Errorf("a chunk ends with %q, %w", end, err)
		}
	}
	return data.Bytes(), trailer(lines, header)
}

func trailer(lines *textproto.Reader, header http.Header) error {
	fields, err := lines.ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("the trailer: %w", err)
	}
	for name := range strings.SplitSeq(header.Get("X-Amz-Trailer"), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		value := fields.Get(name)
		if value == "" {
			return fmt.Errorf("the trailer has no %s", name)
		}
		header.Add(name, value)
	}
	return nil
}
