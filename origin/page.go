package origin

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A page is a text in memory, in each coding that makes it smaller. A coding has its own
// entity tag, for it is another representation (RFC 9110, section 8.8.3.3).
type page struct {
	plain  *coded
	others func() []*coded // made when they are first asked for; the best first
}

// coded is a page's bytes in one coding.
type coded struct {
	head   *head
	coding string // "" for none
	digest string
	body   []byte
}

// pageHead is what a page says beside its bytes.
type pageHead struct {
	kind         kind
	media, cache string
	modified     time.Time
}

// newPage is a page of a text. Its other codings may be given; where none are, it is
// compressed when it is first asked for.
func newPage(text []byte, ready []*coded, h pageHead) *page {
	of := func(c *coded) *coded {
		c.head = newHead(h.kind, Subject{Size: int64(len(c.body)), Modified: h.modified}, h.media, c.digest, h.cache, varyCoding)
		if c.coding != "" {
			c.head.whole = append(c.head.whole, fieldOf("Content-Encoding", c.coding))
		}
		return c
	}
	return &page{of(&coded{digest: asset.Hash(text), body: text}), sync.OnceValue(func() (all []*coded) {
		if ready == nil {
			br, gz := brotliOf(text), gzipOf(text)
			ready = []*coded{{coding: "br", digest: asset.Hash(br), body: br}, {coding: "gzip", digest: asset.Hash(gz), body: gz}}
		}
		for _, c := range ready {
			if len(c.body) < len(text) {
				all = append(all, of(c))
			}
		}
		return all
	})}
}

var varyCoding = fieldOf("Vary", "Accept-Encoding")

func brotliOf(text []byte) []byte {
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, 5) // a manifest is compressed while somebody waits: 1 ms for 30 kB
	compress(w, text)
	return out.Bytes()
}

func gzipOf(text []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is one
	}
	compress(w, text)
	return out.Bytes()
}

func compress(w interface {
	Write(p []byte) (int, error)
	Close() error
}, text []byte,
) {
	_, err := w.Write(text)
	if e := w.Close(); err != nil || e != nil {
		panic(fmt.Sprint("origin: a buffer refuses bytes: ", err, e))
	}
}

// choose is the smallest coding that Accept-Encoding takes (RFC 9110, section 12.5.3): the
// one with the highest weight, of equals the best.
func (p *page) choose(accept []string) *coded {
	if len(accept) == 0 {
		return p.plain
	}
	best, weight := p.plain, 0
	for _, c := range p.others() {
		if w := weightOf(accept, c.coding); w > weight {
			best, weight = c, w
		}
	}
	if weightOf(accept, "identity") > weight {
		return p.plain
	}
	return best
}

// weightOf is the weight of a coding in thousandths. One that isn't named has that of "*";
// where that isn't named either it is 0, but for identity, which is still acceptable.
func weightOf(lines []string, coding string) int {
	other := -1
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			name, parameters, _ := strings.Cut(item, ";")
			switch name = strings.TrimSpace(name); {
			case strings.EqualFold(name, coding), coding == "gzip" && strings.EqualFold(name, "x-gzip"):
				return quality(parameters)
			case name == "*":
				other = quality(parameters)
			}
		}
	}
	if other >= 0 {
		return other
	}
	if coding == "identity" {
		return 1
	}
	return 0
}

// quality reads ";q=0.5" (RFC 9110, section 12.4.2); what can't be read is 0.
func quality(parameters string) int {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return 0
			}
			return int(1000*q + 0.5)
		}
	}
	return 1000
}
