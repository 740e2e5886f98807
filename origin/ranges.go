package origin

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Span is a run of an object's bytes.
type Span struct {
	Start, Length int64 // bytes
}

// End is the first byte after the span.
func (s Span) End() int64 { return s.Start + s.Length }

// ContentRange is the Content-Range of one span of an object with so many bytes
// (RFC 9110, 14.4).
func ContentRange(s Span, size int64) string {
	return string(appendContentRange(nil, s, size))
}

// UnsatisfiedRange is the Content-Range of a 416 (RFC 9110, 15.5.17).
func UnsatisfiedRange(size int64) string {
	return "bytes */" + strconv.FormatInt(size, 10)
}

func appendContentRange(b []byte, s Span, size int64) []byte {
	b = strconv.AppendInt(append(b, "bytes "...), s.Start, 10)
	b = strconv.AppendInt(append(b, '-'), s.End()-1, 10)
	return strconv.AppendInt(append(b, '/'), size, 10)
}

// maxRanges is the longest set that is read. A reader of 3D files asks for a few ranges;
// many small ones are what RFC 9110, 14.2 and 17.15, warns of.
const maxRanges = 32

// maxOverlapping is how many ranges of a set may share bytes with others of it: "more
// than two overlapping ranges" are what RFC 9110, 14.2, calls egregious.
const maxOverlapping = 2

type reading int

const (
	ignored       reading = iota // to be answered as if there were no Range
	satisfiable                  // by the spans that come with it
	unsatisfiable                // none of the ranges has a byte here: 416
)

// readRanges reads the value of a Range for an object of so many bytes. Spans go into
// room, in the order in which they were asked; those that overlap or touch are one, at
// the place of the first (RFC 9110, 15.3.7.2); those without a byte here are left out.
//
// A Range is ignored, as section 14.2 allows, if its unit is not bytes, if any member is
// malformed or has a last before its first (14.1.1), and if it asks for too much work:
// over 32 ranges, over two that overlap, or in sum more bytes than the object has, where
// the whole is the cheaper answer. A suffix of an object that is empty is satisfiable by
// the letter (14.1.2) but no Content-Range can say it, so that too is ignored.
func readRanges(value string, size int64, room []Span) ([]Span, reading) {
	unit, set, ok := strings.Cut(value, "=")
	if !ok || !strings.EqualFold(unit, "bytes") {
		return nil, ignored
	}
	spans, members := room[:0], 0
	for member := range strings.SplitSeq(set, ",") {
		if member = trim(member); member == "" {
			continue // senders who merge lists leave such (5.6.1.2)
		}
		span, r := readRange(member, size)
		if members++; r == ignored || members > maxRanges {
			return nil, ignored
		}
		if r == satisfiable {
			spans = append(spans, span)
		}
	}
	switch {
	case members == 0 || excessive(spans, size):
		return nil, ignored
	case len(spans) == 0:
		return nil, unsatisfiable
	}
	return coalesce(spans), satisfiable
}

// readRange reads one range-spec (RFC 9110, 14.1.2): first-last, first-, or -suffix.
// Numbers may have any length. The span of an empty object's suffix is empty.
func readRange(spec string, size int64) (Span, reading) {
	first, last, ok := strings.Cut(spec, "-")
	if !ok || !isDigits(first) || !isDigits(last) || first == "" && last == "" {
		return Span{}, ignored
	}
	if first == "" { // the last so many bytes
		n := count(last)
		if n == 0 {
			return Span{}, unsatisfiable
		}
		n = min(n, size)
		return Span{size - n, n}, satisfiable
	}
	if last != "" && less(last, first) {
		return Span{}, ignored
	}
	from, to := count(first), size-1
	if from >= size {
		return Span{}, unsatisfiable
	}
	if last != "" {
		to = min(to, count(last))
	}
	return Span{from, to - from + 1}, satisfiable
}

// excessive says whether spans ask for more than is served in parts; an empty span, of
// an empty object, can't be.
func excessive(spans []Span, size int64) bool {
	left, overlapping := size, 0
	for i, s := range spans {
		if s.Length == 0 || s.Length > left {
			return true
		}
		left -= s.Length
		if slices.ContainsFunc(spans[:i], s.overlaps) || slices.ContainsFunc(spans[i+1:], s.overlaps) {
			overlapping++
		}
	}
	return overlapping > maxOverlapping
}

func (s Span) overlaps(t Span) bool { return s.Start < t.End() && t.Start < s.End() }

// touches says whether spans overlap or are adjacent.
func (s Span) touches(t Span) bool { return s.Start <= t.End() && t.Start <= s.End() }

// coalesce joins spans that touch, in place.
func coalesce(spans []Span) []Span {
	for i := 0; i < len(spans); i++ {
		for j := i + 1; j < len(spans); j++ {
			if s, t := spans[i], spans[j]; s.touches(t) {
				start := min(s.Start, t.Start)
				spans[i] = Span{start, max(s.End(), t.End()) - start}
				spans = slices.Delete(spans, j, j+1)
				j = i // what has grown may touch what it did not before
			}
		}
	}
	return spans
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// count is the value of digits, at most the greatest int64, which is beyond the last
// byte of any object.
func count(digits string) int64 {
	var n int64
	for _, c := range []byte(digits) {
		d := int64(c - '0')
		if n > (math.MaxInt64-d)/10 {
			return math.MaxInt64
		}
		n = 10*n + d
	}
	return n
}

// less compares digits as numbers of any length.
func less(a, b string) bool {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return len(a) < len(b) || len(a) == len(b) && a < b
}
