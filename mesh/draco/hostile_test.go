package draco

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// small is what fuzzing may take.
var small = Limits{Points: 1 << 12, Faces: 1 << 12, Attributes: 16, Bytes: 16 << 20}

func FuzzDecode(f *testing.F) {
	for _, s := range streams(f) {
		f.Add(s.data)
	}
	for _, b := range broken() {
		f.Add(b.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { attempt(t, "fuzzed", data) })
}

// attempt decodes what may be broken: it gives a mesh that is safe to use or a
// FormatError. It says whether there is a mesh.
func attempt(t testing.TB, name string, data []byte) bool {
	t.Helper()
	m, err := Decode(data, small)
	if err == nil {
		check(t, name, m)
		return true
	}
	var bad *FormatError
	if !errors.As(err, &bad) || bad.Where == "" || bad.What == "" {
		t.Errorf("%s: got error %#v", name, err)
	}
	return false
}

func TestCutOff(t *testing.T) {
	for _, s := range streams(t) {
		step := 1 + len(s.data)/120
		for n := 0; n < len(s.data); n += step {
			if attempt(t, s.name, s.data[:n:n]) {
				t.Errorf("%s: the first %d of %d bytes decode", s.name, n, len(s.data))
			}
		}
	}
}

func TestFlippedBytes(t *testing.T) {
	for _, s := range streams(t) {
		step := 1 + len(s.data)/50
		data := append([]byte(nil), s.data...)
		for i := 0; i < len(data); i += step {
			for _, x := range []byte{0x01, 0x80, 0xff, data[i]} {
				data[i] ^= x
				attempt(t, fmt.Sprintf("%s, byte %d ^ %#x", s.name, i, x), data)
				data[i] ^= x
			}
		}
	}
}

func TestLimits(t *testing.T) {
	for _, s := range streams(t) {
		m, err := Decode(s.data, plenty)
		if err != nil {
			t.Fatal(err)
		}
		fits := plenty
		fits.Points, fits.Faces, fits.Attributes = m.Points, len(m.Indices)/3, len(m.Attributes)
		if _, err := Decode(s.data, fits); err != nil {
			t.Errorf("%s: in limits that fit: %v", s.name, err)
		}
		for _, less := range []func(*Limits){
			func(l *Limits) { l.Points-- }, func(l *Limits) { l.Faces-- }, func(l *Limits) { l.Attributes-- },
			func(l *Limits) { l.Bytes = 100 }, func(l *Limits) { l.Bytes = int64(4 * len(m.Indices)) }, func(l *Limits) { *l = Limits{} },
		} {
			lim := fits
			less(&lim)
			var bad *FormatError
			if _, err := Decode(s.data, lim); !errors.As(err, &bad) || bad.Code != "limit" {
				t.Errorf("%s: in %+v, %+v being enough: got %v", s.name, lim, fits, err)
			}
		}
	}
}

// TestAllSymbols builds every mesh of up to six symbols, most of them impossible.
func TestAllSymbols(t *testing.T) {
	good := map[string]int{}
	var symbols func(prefix string, left int)
	symbols = func(prefix string, left int) {
		for _, start := range []string{"0000000", "1000000", "1100000"} {
			e := edgebreakerStream{symbols: prefix, start: start, faces: len(prefix) + strings.Count(start, "1")}
			if attempt(t, prefix+" "+start, e.data()) {
				good[start]++
			}
		}
		if left > 0 {
			for _, s := range "CSLRE" {
				symbols(prefix+string(s), left-1)
			}
		}
	}
	symbols("E", 5)
	if good["0000000"] < 500 || good["1000000"] < 100 {
		t.Errorf("got %v meshes", good)
	}
}

// TestManyMerges has one large vertex merged again and again: with rewriting of its
// corners this takes minutes.
func TestManyMerges(t *testing.T) {
	const n = 100_000
	e := edgebreakerStream{symbols: strings.Repeat("E", n+1) + strings.Repeat("R", n) + strings.Repeat("SCC", n), start: "0"}
	m, err := Decode(e.data(), plenty)
	if err != nil {
		t.Fatal(err)
	}
	if want := 3*(n+1) + n - n; len(m.Indices) != 3*(5*n+1) || m.Points != want {
		t.Errorf("got %d corners, %d points, want %d points", len(m.Indices), m.Points, want)
	}
}

// edgebreakerStream is a mesh by its symbols, with one attribute that is zero everywhere.
type edgebreakerStream struct {
	symbols  string
	start    string // 0 or 1 for each component
	faces    int    // or as many as symbols
	vertices int    // or as many as symbols make
	splits   [][3]uint64
	sets     uint8
	context  [][]uint32 // for the valence traversal
	group    []uint8    // or one of all vertices
	after    func(w *writer)
}

var symbolValues = map[rune]uint32{'C': symbolC, 'S': symbolS, 'L': symbolL, 'R': symbolR, 'E': symbolE}

func (e edgebreakerStream) data() []byte {
	var w writer
	w.header(edgebreaker)
	merged := strings.Count(e.symbols, "S")
	if e.faces == 0 {
		e.faces = len(e.symbols)
	}
	if e.vertices == 0 {
		e.vertices = 3*strings.Count(e.symbols, "E") + strings.Count(e.symbols, "L") + strings.Count(e.symbols, "R") - merged
	}
	kind := uint8(standardTraversal)
	if e.context != nil {
		kind = valenceTraversal
	}
	w.u8(kind)
	w.varint(uint64(e.vertices))
	w.varint(uint64(e.faces))
	w.u8(e.sets)
	w.varint(uint64(len(e.symbols)))
	w.varint(uint64(merged))
	w.varint(uint64(len(e.splits)))
	var edges bitWriter
	for _, s := range e.splits {
		w.varint(s[0])
		w.varint(s[1])
		edges.add(uint32(s[2]), 1)
	}
	w.u8(edges.b...)
	if kind == standardTraversal {
		var bits bitWriter
		for _, s := range e.symbols {
			if v := symbolValues[s]; v == symbolC {
				bits.add(0, 1)
			} else {
				bits.add(v, 3)
			}
		}
		w.run(bits.b)
	}
	var start []bool
	for _, s := range e.start {
		start = append(start, s == '1')
	}
	w.flags(start...)
	for range e.sets {
		w.flags()
	}
	for _, c := range e.context {
		w.varint(uint64(len(c)))
		if len(c) > 0 {
			w.raw(c, 4)
		}
	}
	if e.group == nil {
		e.group = []uint8{1, 0xff, perVertex, depthFirst}
	}
	w.u8(e.group...)
	if e.after != nil {
		e.after(&w)
		return w.b
	}
	w.varint(1)
	w.u8(uint8(Position), uint8(Uint8), 1, 0)
	w.varint(0)
	w.u8(codedInteger, 0xfe, 1)
	w.raw([]uint32{0}, 1)
	return w.b
}
