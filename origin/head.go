package origin

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A field is a header field whose value is ready to be put into a header as it is.
type field struct {
	name   string // canonical
	values []string
}

func fieldOf(name, value string) field { return field{name, []string{value}} }

// A head is what is known of an answer before anybody asks: the subject of the decision,
// and the header fields that follow from it. It is made once and never changed, since all
// requests share its values.
type head struct {
	Subject
	kind   kind
	media  string
	always []field // on 200, 206 and 304 (RFC 9110, section 15.4.5)
	whole  []field // only where the representation, or a part of it, follows
	length []string
	typed  []string

	ready sync.Once
	full  []byte // all fields but the type and what a plan adds, as they are sent
	short []byte // those of a 304
}

// bytes are the fields as they are sent, made when they are first asked for.
func (d *head) bytes() (full, short []byte) {
	d.ready.Do(func() {
		for _, list := range [][]field{common, d.always} {
			d.short = appendFields(d.short, list)
		}
		d.full = appendFields(slices.Clone(d.short), d.whole)
	})
	return d.full, d.short
}

func appendFields(b []byte, fields []field) []byte {
	for _, f := range fields {
		b = append(append(append(append(b, f.name...), ": "...), f.values[0]...), "\r\n"...)
	}
	return b
}

// The fields that any answer has, whatever its status: scripts of any site may read it.
var common = []field{
	fieldOf("Access-Control-Allow-Origin", "*"),
	fieldOf("Access-Control-Expose-Headers", "Accept-Ranges, Content-Length, Content-Location, Content-Range, ETag, Plinth-Reason, Repr-Digest, Retry-After, Server-Timing"),
	fieldOf("Cross-Origin-Resource-Policy", "cross-origin"),
	fieldOf("Timing-Allow-Origin", "*"),
	fieldOf("X-Content-Type-Options", "nosniff"),
}

var (
	acceptRanges = fieldOf("Accept-Ranges", "bytes")
	noStore      = []string{"no-store"}
	noLength     = []string{"0"}
	closing      = []string{"close"}
)

// put sets fields. The slices are shared, so nobody may append to them.
func put(h http.Header, fields []field) {
	for i := range fields {
		h[fields[i].name] = fields[i].values
	}
}

// newHead is the head of a representation with a SHA-256 in hex.
func newHead(k kind, s Subject, media, digest, cache string, more ...field) *head {
	s.ETag = `"` + digest + `"`
	out := &head{Subject: s, kind: k, media: media, length: []string{strconv.FormatInt(s.Size, 10)}, typed: []string{media}}
	out.always = append([]field{
		acceptRanges, fieldOf("Cache-Control", cache), {"Etag", []string{s.ETag}},
	}, more...)
	out.whole = []field{reprDigest(digest)}
	if !s.Modified.IsZero() {
		out.whole = append(out.whole, fieldOf("Last-Modified", s.Modified.UTC().Format(http.TimeFormat)))
	}
	return out
}

// reprDigest tells the digest of the whole representation (RFC 9530, section 3).
func reprDigest(digest string) field {
	raw, err := hex.DecodeString(digest)
	if err != nil || len(raw) != sha256.Size {
		panic("origin: " + digest + " is no SHA-256") // a path or manifest was checked
	}
	return fieldOf("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(raw)+":")
}

// with returns the head with another value of a field that it has.
func (d *head) with(name, value string) *head {
	out := &head{Subject: d.Subject, kind: d.kind, media: d.media, whole: d.whole, length: d.length, typed: d.typed}
	out.always = slices.Clone(d.always)
	for i := range out.always {
		if out.always[i].name == name {
			out.always[i] = fieldOf(name, value)
		}
	}
	return out
}

// caching returns the head with another Cache-Control.
func (d *head) caching(cache string) *head { return d.with("Cache-Control", cache) }

// until returns the head with a Cache-Control that ends when a signature does, and without
// the immutable address, which isn't signed.
func (d *head) until(left time.Duration) *head {
	seconds := int64(left / time.Second)
	for _, f := range d.always {
		if f.name == "Cache-Control" {
			seconds = min(seconds, maxAge(f.values[0]))
		}
	}
	out := d.caching("public, max-age=" + strconv.FormatInt(seconds, 10))
	out.always = slices.DeleteFunc(out.always, func(f field) bool { return f.name == "Content-Location" })
	return out
}

// maxAge is that of one of our policies, 0 where it has none.
func maxAge(policy string) int64 {
	_, rest, _ := strings.Cut(policy, "max-age=")
	digits, _, _ := strings.Cut(rest, ",")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// describe puts the fields of a plan into a header, or those that are ready onto the
// connection, where it takes them.
func (d *head) describe(h http.Header, p Plan, parts *Multipart, c *Conn) {
	switch p.Status {
	case http.StatusPreconditionFailed:
		put(h, common)
		h["Cache-Control"], h["Content-Length"] = noStore, noLength // it is about this request, not the object
		return
	case http.StatusRequestedRangeNotSatisfiable:
		put(h, common)
		h["Cache-Control"], h["Content-Length"] = noStore, noLength
		h["Accept-Ranges"] = acceptRanges.values
		h["Content-Range"] = []string{UnsatisfiedRange(d.Size)}
		return
	}
	d.fields(h, p.Status == http.StatusNotModified, c)
	if p.Status == http.StatusNotModified {
		return
	}
	h["Content-Type"] = d.typed
	switch {
	case p.Parts != nil:
		h["Content-Type"] = []string{parts.Type}
		h["Content-Length"] = []string{strconv.FormatInt(parts.Length, 10)}
	case p.Status == http.StatusPartialContent:
		h["Content-Range"] = []string{ContentRange(p.Span, d.Size)}
		h["Content-Length"] = []string{strconv.FormatInt(p.Span.Length, 10)}
	default:
		h["Content-Length"] = d.length
	}
}

func (d *head) fields(h http.Header, short bool, c *Conn) {
	if c == nil {
		put(h, common)
		put(h, d.always)
		if !short {
			put(h, d.whole)
		}
		return
	}
	full, less := d.bytes()
	if short {
		full = less
	}
	c.prepend(full)
}

// toSecond drops what Last-Modified can't tell.
func toSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
