package jpeg

import (
	"encoding/binary"
	"slices"
)

// Encode returns the file: sequential or progressive, whichever is smaller.
func (q *Quantized) Encode() []byte {
	one := q.write(q.sequential(), 0xc0)
	if many := q.write(q.progressive(), 0xc2); len(many) < len(one) {
		return many
	}
	return one
}

// write puts a file together; frame is the marker of its kind (T.81, table B.1).
func (q *Quantized) write(scans []scan, frame byte) []byte {
	out := []byte{0xff, 0xd8}
	if q.layout == RGB {
		// Adobe's marker: version 100, no flags, and 0 for no transform (T.872, 6.5.3).
		out = segment(out, 0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00"))
	} else {
		// JFIF 1.01, one to one (T.871, 10.1).
		out = segment(out, 0xe0, []byte("JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"))
	}
	tables, which := q.quantizers()
	for i, t := range tables {
		body := []byte{byte(i)}
		for _, at := range zigzag {
			body = append(body, t[at])
		}
		out = segment(out, 0xdb, body)
	}
	head := []byte{8, byte(q.h >> 8), byte(q.h), byte(q.w >> 8), byte(q.w), byte(len(q.planes))}
	for c, p := range q.planes {
		head = append(head, q.id(c), byte(p.h<<4|p.v), byte(which[c]))
	}
	out = segment(out, frame, head)
	for i := range scans {
		out = q.writeScan(out, &scans[i])
	}
	return append(out, 0xff, 0xd9)
}

// quantizers are the different tables, and which of them each component has.
func (q *Quantized) quantizers() (tables []Steps, which []int) {
	for _, s := range q.steps {
		i := slices.Index(tables, s)
		if i < 0 {
			i, tables = len(tables), append(tables, s)
		}
		which = append(which, i)
	}
	return tables, which
}

// id names a component: 1, 2 and 3 are JFIF's.
func (q *Quantized) id(c int) byte {
	if q.layout == RGB {
		return "RGB"[c]
	}
	return byte(c + 1)
}

func segment(out []byte, marker byte, body []byte) []byte {
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	return append(out, body...)
}

// writeScan writes the tables that a scan's tokens need, its header and the tokens.
func (q *Quantized) writeScan(out []byte, s *scan) []byte {
	codes, size := codesOf(s)
	for i, c := range codes {
		if c != nil {
			body := append([]byte{byte(i/acTables<<4 | i%acTables)}, c.lengths[1:]...)
			out = segment(out, 0xc4, append(body, c.symbols...))
		}
	}
	head := []byte{byte(len(s.components))}
	for _, c := range s.components {
		table := byte(0)
		if len(s.components) > 1 {
			table = q.tableOf(c)
		}
		head = append(head, q.id(c), table<<4|table)
	}
	out = segment(out, 0xda, append(head, byte(s.from), byte(s.to), 0))
	w := bitWriter{out: slices.Grow(out, size)}
	s.tokens(func(t token) {
		c := codes[t.table()]
		w.put(uint32(c.bits[t.symbol()]), uint(c.size[t.symbol()]))
		w.put(t.bits(), t.length())
	})
	w.flush()
	return w.out
}

// codesOf counts a scan's symbols. It returns the best code for each table, nil where
// nothing uses it, and about how many bytes the scan takes: how many are stuffed isn't
// known yet.
func codesOf(s *scan) (codes [8]*code, size int) {
	var counts [8][256]int
	bits := 0
	s.tokens(func(t token) {
		counts[t.table()][t.symbol()]++
		bits += int(t.length())
	})
	for i := range codes {
		if counts[i] == [256]int{} {
			continue
		}
		codes[i] = newCode(&counts[i])
		for s, n := range counts[i] {
			bits += n * int(codes[i].size[s])
		}
	}
	return codes, bits/8 + bits/8/64 + 64
}
