package draco

import "fmt"

// A FormatError says why a stream can't be decoded.
type FormatError struct {
	Code  string // "broken", "unsupported" or "limit"
	Where string // part of the stream and how far it was read: "connectivity (byte 31)"
	What  string // "has 9 faces of 3 symbols"
}

func (e *FormatError) Error() string { return "draco: " + e.Where + " " + e.What }

func (d *decoder) fail(code, format string, args ...any) *FormatError {
	return &FormatError{code, fmt.Sprintf("%s (byte %d)", d.part, d.r.pos), fmt.Sprintf(format, args...)}
}

func (d *decoder) bad(format string, args ...any) *FormatError {
	return d.fail("broken", format, args...)
}

func (d *decoder) unsupported(format string, args ...any) *FormatError {
	return d.fail("unsupported", format, args...)
}

// short is the error of a stream that ended while its last fields were read, if it did.
func (d *decoder) short() *FormatError {
	if d.r.short {
		return d.bad("is cut off: the stream has %d bytes", len(d.r.data))
	}
	return nil
}

// atMost checks a count against a limit.
func (d *decoder) atMost(what string, n uint64, limit int) *FormatError {
	if limit < 0 || n > uint64(limit) {
		return d.fail("limit", "has %d %s, the limit is %d", n, what, limit)
	}
	return nil
}

// take reckons count elements of size bytes each before they are allocated. Nothing
// is given back: the limit holds for everything one stream makes Decode allocate.
func (d *decoder) take(count, size int) *FormatError {
	if count < 0 || int64(count) > (d.lim.Bytes-d.taken)/int64(size) {
		return d.fail("limit", "needs more memory than the limit, %d bytes", d.lim.Bytes)
	}
	d.taken += int64(count) * int64(size)
	return nil
}
