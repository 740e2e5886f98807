package origin

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// A Multipart is the layout of a multipart/byteranges body (RFC 9110, 14.6): for each
// part its head and then the bytes of its span, at the end the trailer.
type Multipart struct {
	Type    string   // Content-Type of the answer, with the boundary
	Heads   [][]byte // one for each span
	Trailer []byte
	Length  int64 // Content-Length of the answer, bytes
}

// NewMultipart lays out parts of an object with so many bytes, whose own Content-Type
// is contentType; if that is empty the parts have none. The same object and parts give
// the same bytes. The answer itself must not have a Content-Range (15.3.7.2).
func NewMultipart(contentType, etag string, size int64, parts []Span) Multipart {
	line := boundary(etag, parts)
	m := Multipart{
		Type:    "multipart/byteranges; boundary=" + line,
		Heads:   make([][]byte, len(parts)),
		Trailer: []byte("\r\n--" + line + "--\r\n"),
	}
	m.Length = int64(len(m.Trailer))
	for i, s := range parts {
		m.Heads[i] = partHead(i == 0, line, contentType, s, size)
		m.Length += int64(len(m.Heads[i])) + s.Length
	}
	return m
}

// partHead is a delimiter and the header of a part. The line break before a delimiter
// belongs to it; the first has none, as nothing comes before it (RFC 2046, 5.1.1).
func partHead(first bool, boundary, contentType string, s Span, size int64) []byte {
	head := make([]byte, 0, len(boundary)+len(contentType)+120)
	if !first {
		head = append(head, "\r\n"...)
	}
	head = append(append(append(head, "--"...), boundary...), "\r\n"...)
	if contentType != "" {
		head = append(append(append(head, "Content-Type: "...), contentType...), "\r\n"...)
	}
	head = appendContentRange(append(head, "Content-Range: "...), s, size)
	return append(head, "\r\n\r\n"...)
}

// boundary is a line that no part has in it: 64 hexadecimal digits (RFC 2046 allows 70)
// of a hash over the entity tag and the parts. As the tag is itself a hash of the
// object's bytes, not even who made the object could have put the line there.
func boundary(etag string, parts []Span) string {
	text := []byte(etag)
	for _, s := range parts {
		text = strconv.AppendInt(append(text, ' '), s.Start, 10)
		text = strconv.AppendInt(append(text, '+'), s.Length, 10)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
