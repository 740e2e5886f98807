// Package meshopt encodes and decodes the bitstreams of the glTF extensions
// EXT_meshopt_compression and KHR_meshopt_compression, from their
// specifications: appendix A (bitstreams) and appendix B (filters).
//
// Three codecs: attributes of vertices (bytes that resemble those of the element
// before), triangle lists (an edge that was just seen and a third corner), and
// other lists of indices. They keep data exactly, but a triangle may come back
// turned: a, b, c as b, c, a. The streams are made to be compressed once more,
// by brotli or gzip on the way to a browser.
//
// # What a bad stream can cost
//
// Decode takes any bytes. It reads only inside src, writes only inside dst, which
// the caller has sized, and allocates nothing but an error; its time is linear
// in len(dst). A stream that ends early, has bytes left over, or names an entry
// that was never written is an error, and dst is then undefined. Indices are what
// the stream says they are: nothing here knows how many vertices there are, so
// whoever decodes triangles or indices must check their range before using them.
//
// The same input gives the same bytes on every machine.
package meshopt

import "fmt"

// A Mode says which of the three bitstreams a buffer view is in.
type Mode uint8

// The modes, as the JSON of both extensions names them.
const (
	Attributes Mode = iota // "ATTRIBUTES": elements of 4 to 256 bytes
	Triangles              // "TRIANGLES": a list of triangles, 2 or 4 bytes an index
	Indices                // "INDICES": any other list of indices, 2 or 4 bytes each
)

// A Filter says what is done to attributes after they are decoded.
type Filter uint8

// The filters, as the JSON names them. Color is only in KHR_meshopt_compression.
const (
	None        Filter = iota // "NONE"
	Octahedral                // "OCTAHEDRAL": unit vectors, 4 or 8 bytes
	Quaternion                // "QUATERNION": rotations, 8 bytes
	Exponential               // "EXPONENTIAL": floats, a multiple of 4 bytes
	Color                     // "COLOR": RGBA, 4 or 8 bytes
)

var (
	modeNames   = [...]string{"ATTRIBUTES", "TRIANGLES", "INDICES"}
	filterNames = [...]string{"NONE", "OCTAHEDRAL", "QUATERNION", "EXPONENTIAL", "COLOR"}
)

// String is the name of m in the JSON.
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// String is the name of f in the JSON.
func (f Filter) String() string {
	if int(f) < len(filterNames) {
		return filterNames[f]
	}
	return fmt.Sprintf("Filter(%d)", uint8(f))
}

// ParseMode returns the mode with a name from the JSON; ok is false when there
// is none.
func ParseMode(name string) (m Mode, ok bool) {
	for i, s := range modeNames {
		if s == name {
			return Mode(i), true
		}
	}
	return 0, false
}

// ParseFilter returns the filter with a name from the JSON; the empty name is
// None, ok is false when there is no such filter.
func ParseFilter(name string) (f Filter, ok bool) {
	if name == "" {
		return None, true
	}
	for i, s := range filterNames {
		if s == name {
			return Filter(i), true
		}
	}
	return 0, false
}

// Check reports what makes count elements of stride bytes impossible in a mode
// and with a filter ("JSON schema updates" in the specifications).
func Check(count, stride int, m Mode, f Filter) error {
	switch m {
	case Attributes:
		if stride < 4 || stride > 256 || stride%4 != 0 {
			return fmt.Errorf("meshopt: a stride of %d, attributes have a multiple of 4 up to 256", stride)
		}
	case Triangles, Indices:
		if stride != 2 && stride != 4 {
			return fmt.Errorf("meshopt: a stride of %d, indices have 2 or 4", stride)
		}
		if m == Triangles && count%3 != 0 {
			return fmt.Errorf("meshopt: %d indices are not a whole number of triangles", count)
		}
		if f != None {
			return fmt.Errorf("meshopt: filter %v on %v", f, m)
		}
	default:
		return fmt.Errorf("meshopt: unknown mode %d", uint8(m))
	}
	if count < 0 {
		return fmt.Errorf("meshopt: a count of %d", count)
	}
	switch f {
	case None, Exponential:
		return nil // any stride that attributes may have
	case Octahedral, Color:
		if stride == 4 || stride == 8 {
			return nil
		}
	case Quaternion:
		if stride == 8 {
			return nil
		}
	}
	return fmt.Errorf("meshopt: filter %v with a stride of %d", f, stride)
}

// Decode writes the count elements of stride bytes that src holds to dst, whose
// length is exactly count*stride, and applies the filter.
//
// src is one whole stream: nothing in it says where it ends. Attributes are read
// in both versions; that of KHR_meshopt_compression alone starts with 0xa1. With
// a stride of 2, indices above 65535 wrap, as the specification says.
func Decode(dst, src []byte, count, stride int, m Mode, f Filter) error {
	if err := Check(count, stride, m, f); err != nil {
		return err
	}
	// Division, since a product can overflow where int has 32 bits.
	if len(dst)/stride != count || len(dst)%stride != 0 {
		return fmt.Errorf("meshopt: room for %d bytes, not %d elements of %d", len(dst), count, stride)
	}
	switch m {
	case Triangles:
		return decodeTriangles(dst, src, stride)
	case Indices:
		return decodeIndices(dst, src, stride)
	}
	if err := decodeAttributes(dst, src, stride); err != nil {
		return err
	}
	unfilter(dst, stride, f)
	return nil
}
