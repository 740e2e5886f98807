package meshopt

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
)

// stream joins the parts of a literal stream.
func stream(parts ...[]byte) []byte { return slices.Concat(parts...) }

func TestDecodeLiteral(t *testing.T) {
	zeros := func(n int) []byte { return make([]byte, n) }
	tests := []struct {
		name   string
		src    []byte
		count  int
		stride int
		mode   Mode
		filter Filter
		want   []byte
	}{
		{
			// Version 0, one block of one group. Byte 0 has 4-bit deltas, those of
			// the example in the specification; bytes 1 to 3 have none. The tail is
			// padded to 32 bytes and ends in the element before the first.
			name: "the 4-bit example of the specification",
			src: stream([]byte{0xa0, 2, 0x17, 0x5f, 0xf0, 0xbc, 0x77, 0xa9, 0x21, 0x00, 0x34, 0xb5, 0, 0, 0},
				zeros(28), []byte{100, 7, 8, 9}),
			count: 16, stride: 4,
			want: column(4, []byte{100, 7, 8, 9}, -1, -4, -3, 26, -91, 0, -6, 6, -4, -4, 5, -5, 1, -1, 0, 0),
		},
		{
			// 2 bits, most significant first: 0, 1, 2, a sentinel; zigzag makes them
			// 0, -1, 1 and the byte after, 200, is 100.
			name:  "2-bit deltas and a sentinel",
			src:   stream([]byte{0xa0, 1, 0b00_01_10_11, 0, 0, 0, 200, 0, 0, 0}, zeros(32)),
			count: 4, stride: 4,
			want: column(4, zeros(4), 0, -1, 1, 100),
		},
		{
			// Version 1: control byte 0b10_10_10_00 is control mode 0 for byte 0 and
			// all zeros for the others; its group has 1-bit deltas, least significant
			// first, of which each 1 is a sentinel. The tail is padded to 24 bytes and
			// ends in the channel mode, byte deltas.
			name:  "version 1, 1-bit deltas",
			src:   stream([]byte{0xa1, 0b10_10_10_00, 1, 0b0000_0101, 0, 4, 2}, zeros(24)),
			count: 3, stride: 4,
			want: column(4, zeros(4), 2, 0, 1),
		},
		{
			// Control mode 3 stores a byte for each element: 2 of byte 0, 2 of byte 1.
			// Channel mode 1 makes 16-bit values of them: 0x0102 is 129 after zigzag,
			// 1 is -1.
			name:  "version 1, literal words",
			src:   stream([]byte{0xa1, 0b10_10_11_11, 0x02, 0x01, 0x01, 0x00}, zeros(23), []byte{1}),
			count: 2, stride: 4,
			want: []byte{129, 0, 0, 0, 128, 0, 0, 0},
		},
		{
			// Channel mode 2 with a rotation of 8: the delta was turned left by 8 bits,
			// so its byte 0 is the highest of the value.
			name:  "version 1, xor",
			src:   stream([]byte{0xa1, 0b10_10_10_11, 0x40, 0x01}, zeros(23), []byte{0x82}),
			count: 2, stride: 4,
			want: []byte{0, 0, 0, 0x40, 0, 0, 0, 0x41},
		},
		{
			// 0xf0 is entry 0 of the table, 0x00: three new vertices. 0x10 is the edge
			// that was added before the newest, 2 to 1 as it was left, and a new one.
			name:  "two triangles that share an edge",
			src:   stream([]byte{0xe1, 0xf0, 0x10}, zeros(16)),
			count: 6, stride: 2, mode: Triangles,
			want: shorts(0, 1, 2, 2, 1, 3),
		},
		{
			// 0xfe and 0x00 start again at 0; 0xff and 0xff spell three indices out
			// as differences from the last: 5, then -1 and -1 after it.
			name:  "a reset and a triangle in full",
			src:   stream([]byte{0xe1, 0xf0, 0xfe, 0xff, 0x00, 0xff, 10, 1, 1}, zeros(16)),
			count: 9, stride: 4, mode: Triangles,
			want: longs(0, 1, 2, 0, 1, 2, 5, 4, 3),
		},
		{
			// 0x0e takes the newest edge and last + 1; last is 5 from the corners that
			// were spelled out before.
			name:  "last plus one",
			src:   stream([]byte{0xe1, 0xff, 0x0e, 0x0d, 0xff, 6, 2, 2}, zeros(16)),
			count: 9, stride: 4, mode: Triangles,
			want: longs(3, 4, 5, 3, 5, 6, 3, 6, 5),
		},
		{
			// Two baselines, chosen by the lowest bit: +1 on the first, +100 on the
			// second (a varint of two bytes), +1 on the first, -1 on the second.
			name:  "indices with two baselines",
			src:   []byte{0xd1, 4, 0x91, 0x03, 4, 3, 0, 0, 0, 0},
			count: 4, stride: 2, mode: Indices,
			want: shorts(1, 100, 2, 99),
		},
		{
			// 1.0 in 8 bits is 127: the first vector is +z; the second lies in the
			// lower half, folded out to the corner of the square.
			name:  "octahedral",
			src:   EncodeAttributes([]byte{0, 0, 127, 5, 127, 127, 127, 6}, 4, Smallest),
			count: 2, stride: 4, filter: Octahedral,
			want: []byte{0, 0, 127, 5, 0, 0, 0x81, 6},
		},
		{
			// Component 3 is missing and the others are 0, so it is 1.
			name:  "quaternion",
			src:   EncodeAttributes([]byte{0, 0, 0, 0, 0, 0, 0xff, 0x7f}, 8, Smallest),
			count: 1, stride: 8, filter: Quaternion,
			want: shorts(0, 0, 0, 32767),
		},
		{
			// 3 * 2^-1 and -5 * 2^2.
			name:  "exponential",
			src:   EncodeAttributes([]byte{3, 0, 0, 0xff, 0xfb, 0xff, 0xff, 2}, 8, Smallest),
			count: 1, stride: 8, filter: Exponential,
			want: longs(math.Float32bits(1.5), math.Float32bits(-20)),
		},
		{
			// 8 bits, since alpha has bit 7 set; luma 100, orange-ish by 20, green by
			// 10: r = 100+20-10, g = 100+10, b = 100-20-10. Alpha 0x3f of 7 bits is
			// 0x7f, with its lowest bit repeated.
			name:  "color",
			src:   EncodeAttributes([]byte{100, 20, 10, 0xbf}, 4, Smallest),
			count: 1, stride: 4, filter: Color,
			want: []byte{110, 110, 70, 0x7f},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := make([]byte, tt.count*tt.stride)
			if err := Decode(got, tt.src, tt.count, tt.stride, tt.mode, tt.filter); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, tt.want) {
				t.Errorf("got  % x\nwant % x", got, tt.want)
			}
		})
	}
}

// column is elements whose byte 0 changes by steps and whose others stay.
func column(stride int, first []byte, steps ...int) []byte {
	var out []byte
	element := slices.Clone(first[:stride])
	for _, s := range steps {
		element[0] += byte(s)
		out = append(out, element...)
	}
	return out
}

func shorts(v ...uint32) []byte { return indexBytes(v, 2) }
func longs(v ...uint32) []byte  { return indexBytes(v, 4) }

func TestDecodeErrors(t *testing.T) {
	zeros := make([]byte, 40)
	tests := []struct {
		name   string
		src    []byte
		count  int
		stride int
		mode   Mode
		filter Filter
		want   string
	}{
		{"an empty stream", nil, 1, 4, Attributes, None, "an empty stream"},
		{"no tail", []byte{0xa0, 0}, 1, 4, Attributes, None, "the header and the tail alone take 33"},
		{"a header of another codec", append([]byte{0xe1}, zeros...), 1, 4, Attributes, None, "header 0xe1"},
		{"a stride of 6", nil, 1, 6, Attributes, None, "a stride of 6"},
		{"a stride of 260", nil, 1, 260, Attributes, None, "a stride of 260"},
		{"a filter with the wrong stride", nil, 1, 12, Attributes, Octahedral, "filter OCTAHEDRAL with a stride of 12"},
		{"a filter on indices", nil, 1, 2, Indices, Color, "filter COLOR on INDICES"},
		{"an unknown mode", nil, 1, 2, 9, None, "unknown mode 9"},
		{"an unknown filter", nil, 1, 4, Attributes, 9, "filter Filter(9)"},
		{"bytes left over", append([]byte{0xa0}, zeros...), 1, 4, Attributes, None, "4 bytes left over"},
		{"blocks that end early", append([]byte{0xa0, 3, 3}, zeros[:32]...), 1, 4, Attributes, None, "ends in a group"},
		{"a literal that ends early", append([]byte{0xa1, 3}, zeros[:24]...), 9, 4, Attributes, None, "ends in a literal"},
		{"no control byte", append([]byte{0xa1}, zeros[:24]...), 9, 4, Attributes, None, "control bytes"},
		{"an unknown channel mode", append(append([]byte{0xa1}, zeros[:23]...), 3), 0, 4, Attributes, None, "channel mode 0x3"},
		{"a rotation without xor", append(append([]byte{0xa1}, zeros[:23]...), 0x10), 0, 4, Attributes, None, "channel mode 0x10"},
		{"triangles of version 0", append([]byte{0xe0, 0xf0}, zeros[:16]...), 3, 4, Triangles, None, "header 0xe0"},
		{"fewer codes than triangles", append([]byte{0xe1}, zeros[:16]...), 3, 4, Triangles, None, "1 triangles take at least 18"},
		{"4 indices", nil, 4, 4, Triangles, None, "not a whole number of triangles"},
		{"an edge before there is one", append([]byte{0xe1, 0}, zeros[:16]...), 3, 4, Triangles, None, "triangle 0: an edge"},
		{"a vertex before there is one", append([]byte{0xe1, 0xf0, 0x04}, zeros[:16]...), 6, 4, Triangles, None, "triangle 1: a vertex"},
		{"a table with a varint", append(append([]byte{0xe1, 0xf0}, 0xf0), zeros[:15]...), 3, 4, Triangles, None, "entry 0 of the table"},
		{"a table with 15 entries", append(append([]byte{0xe1, 0xf0}, zeros[:15]...), 1), 3, 4, Triangles, None, "entry 15 of the table"},
		{"corners that are missing", append([]byte{0xe1, 0xff}, zeros[:16]...), 3, 4, Triangles, None, "before its corners"},
		{"a varint that is missing", append([]byte{0xe1, 0xff, 0xff}, zeros[:16]...), 3, 4, Triangles, None, "no varint"},
		{"triangles with bytes left over", append([]byte{0xe1, 0xf0, 0}, zeros[:16]...), 3, 4, Triangles, None, "1 bytes left over"},
		{"a varint of 6 bytes", []byte{0xd1, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0, 0, 0, 0}, 1, 4, Indices, None, "index 0: no varint"},
		{"indices with bytes left over", []byte{0xd1, 0, 0, 0, 0, 0, 0}, 1, 4, Indices, None, "1 bytes left over"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Decode(make([]byte, tt.count*tt.stride), tt.src, tt.count, tt.stride, tt.mode, tt.filter)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("room of another size", func(t *testing.T) {
		if err := Decode(make([]byte, 5), nil, 1, 4, Attributes, None); err == nil {
			t.Error("no error")
		}
	})
}

func TestNames(t *testing.T) {
	for i, name := range modeNames {
		if m, ok := ParseMode(name); !ok || m != Mode(i) || m.String() != name {
			t.Errorf("mode %s: got %v", name, m)
		}
	}
	for i, name := range filterNames {
		if f, ok := ParseFilter(name); !ok || f != Filter(i) || f.String() != name {
			t.Errorf("filter %s: got %v", name, f)
		}
	}
	if f, ok := ParseFilter(""); !ok || f != None {
		t.Error("no filter is not NONE")
	}
	if _, ok := ParseMode(""); ok {
		t.Error("a mode without a name")
	}
}
