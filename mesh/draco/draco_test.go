package draco

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// committed are the cases of testdata/encode.mjs whose streams are in testdata, so
// that every method, scheme and transform is tested without draco3d. With PEERS and
// GOLDEN=update, TestPeers encodes them anew.
var committed = []string{
	"triangle-eb-5-all", "quad-seq-5-all", "grid-eb-0-all", "grid-eb-10-all", "grid-seq-0-all", "flat-eb-2-all",
	"sphere-eb-3-all", "cube-eb-3-all", "cube-eb-0-floats", "facets-eb-1-all", "facets-eb-7-all", "torus-eb-0-uv",
	"holes-eb-4-all", "many-eb-7-ints", "knot-eb-2-all", "degenerate-eb-5-all", "soup-eb-3-all", "tetrahedra-eb-0-bare",
	"large-eb-0-bare", "large-eb-0-uv", "rings-eb-2-bare", "cells-eb-0-bare", "grid-eb-5-plain", "grid-seq-7-ints",
	"grid-eb-3-fine", "grid-eb-0-coarse",
}

const goldens = "testdata/golden.txt"

// TestGolden decodes what is committed and what is built by hand. TestPeers has
// compared the same streams with draco3d, where it could.
func TestGolden(t *testing.T) {
	var got strings.Builder
	for _, s := range streams(t) {
		m, err := Decode(s.data, plenty)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		check(t, s.name, m)
		got.WriteString(facts(s.name, m))
	}
	if os.Getenv("GOLDEN") == "update" {
		if err := os.WriteFile(goldens, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldens)
	if err != nil {
		t.Fatal(err)
	}
	g, w := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("line %d of %s differs; GOLDEN=update go test writes it anew\ngot  %q\nwant %q", i+1, goldens, g[min(i, len(g)-1)], w[min(i, len(w)-1)])
		}
	}
}

// A stream is one that decodes.
type stream struct {
	name string
	data []byte
}

func streams(t testing.TB) []stream {
	t.Helper()
	var out []stream
	for _, name := range committed {
		data, err := os.ReadFile(filepath.Join("testdata", name+".drc"))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, stream{name, data})
	}
	for _, b := range append(builts[:len(builts):len(builts)], wide...) {
		out = append(out, stream{b.name, b.data()})
	}
	return out
}

// facts is a line for a mesh and one for each attribute, with the beginning of a hash.
func facts(name string, m *Mesh) string {
	hash := func(b []byte) string { h := sha256.Sum256(b); return fmt.Sprintf("%x", h[:8]) }
	var s strings.Builder
	fmt.Fprintf(&s, "%s points %d faces %d indices %s\n", name, m.Points, len(m.Indices)/3, hash(indexBytes(m)))
	for _, a := range m.Attributes {
		fmt.Fprintf(&s, "  %d %s %d*%s", a.ID, a.Type, a.Components, a.Kind)
		if a.Normalized {
			s.WriteString(" normalized")
		}
		fmt.Fprintf(&s, " %s\n", hash(a.Data))
	}
	return s.String()
}

func indexBytes(m *Mesh) []byte {
	out := make([]byte, 0, 4*len(m.Indices))
	for _, v := range m.Indices {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return out
}

// check tells what any result must be.
func check(t testing.TB, name string, m *Mesh) {
	t.Helper()
	if len(m.Indices)%3 != 0 {
		t.Errorf("%s: has %d indices", name, len(m.Indices))
	}
	for i, v := range m.Indices {
		if int(v) >= m.Points {
			t.Fatalf("%s: index %d is %d of %d points", name, i, v, m.Points)
		}
	}
	for _, a := range m.Attributes {
		if want := m.Points * a.Components * a.Kind.Size(); len(a.Data) != want {
			t.Errorf("%s: %s has %d bytes, want %d", name, a.Type, len(a.Data), want)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	list := streams(b)
	if dir := os.Getenv("PEERS_STREAMS"); dir != "" {
		list = nil
		names, _ := filepath.Glob(filepath.Join(dir, "*.drc"))
		for _, n := range names {
			data, err := os.ReadFile(n)
			if err != nil {
				b.Fatal(err)
			}
			list = append(list, stream{strings.TrimSuffix(filepath.Base(n), ".drc"), data})
		}
	}
	for _, s := range list {
		b.Run(s.name, func(b *testing.B) {
			b.SetBytes(int64(len(s.data)))
			b.ReportAllocs()
			faces := 0
			for b.Loop() {
				m, err := Decode(s.data, plenty)
				if err != nil {
					b.Fatal(err)
				}
				faces += len(m.Indices) / 3
			}
			b.ReportMetric(float64(faces)/1e6/b.Elapsed().Seconds(), "Mtri/s")
		})
	}
}
