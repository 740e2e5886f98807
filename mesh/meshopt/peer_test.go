package meshopt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A peerCase is sent to testdata/peer.mjs, a peerAnswer comes back.
type peerCase struct {
	Name    string
	Mode    string
	Filter  string
	Count   int
	Stride  int
	Version int
	Plain   []byte // what is encoded, after the filter
	Stream  []byte // ours of Plain
	Other   []byte // another one of ours of Plain, or nothing
	Floats  []byte // what their filter encodes in place of Plain, or nothing
	Bits    int
	Sharing string
}

type peerAnswer struct {
	OursDecoded []byte
	Other       []byte // Other, decoded
	Plain       []byte
	Stream      []byte // theirs of Plain
	Decoded     []byte // theirs of Stream
}

// TestPeer holds this package against the npm package meshoptimizer: each decodes
// what the other encodes, to the same bytes.
func TestPeer(t *testing.T) {
	dir := os.Getenv("PEERS")
	if dir == "" {
		t.Skip("PEERS names no folder with node_modules/meshoptimizer (npm install meshoptimizer@1.3.0)")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "meshoptimizer")); err != nil {
		t.Skipf("PEERS: %v", err)
	}
	cases := peerCases()
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "testdata/peer.mjs", dir)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []peerAnswer
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		a := answers[i]
		m, _ := ParseMode(c.Mode)
		f, _ := ParseFilter(c.Filter)
		t.Run(c.Name, func(t *testing.T) {
			if got := decoded(t, c.Stream, c.Count, c.Stride, m, f); !same(got, a.OursDecoded, f) {
				t.Errorf("our stream is decoded differently: %s", firstDifference(got, a.OursDecoded))
			}
			if c.Other != nil && !bytes.Equal(a.Other, c.Plain) {
				t.Errorf("our compressible stream is decoded differently: %s", firstDifference(c.Plain, a.Other))
			}
			if got := decoded(t, a.Stream, c.Count, c.Stride, m, f); !same(got, a.Decoded, f) {
				t.Errorf("their stream is decoded differently: %s", firstDifference(got, a.Decoded))
			}
			if c.Floats != nil && !bytes.Equal(c.Plain, a.Plain) {
				t.Errorf("their filter encodes differently: %s", firstDifference(c.Plain, a.Plain))
			}
			if len(c.Stream) > len(a.Stream) {
				t.Errorf("%d bytes, theirs has %d", len(c.Stream), len(a.Stream))
			}
			t.Logf("%d bytes, theirs has %d", len(c.Stream), len(a.Stream))
		})
	}
}

// same allows quaternions the one unit in the last place that the specification
// allows all filters; everything else is equal to the last bit.
func same(a, b []byte, f Filter) bool {
	if f != Quaternion || len(a) != len(b) {
		return bytes.Equal(a, b)
	}
	for i := 0; i < len(a); i += 2 {
		d := int16(binary.LittleEndian.Uint16(a[i:])) - int16(binary.LittleEndian.Uint16(b[i:]))
		if d < -1 || d > 1 {
			return false
		}
	}
	return true
}

func firstDifference(got, want []byte) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("byte %d of %d is %#x, theirs is %#x", i, len(got), got[i], want[i])
		}
	}
	return fmt.Sprintf("%d bytes, theirs has %d", len(got), len(want))
}

func decoded(t *testing.T, stream []byte, count, stride int, m Mode, f Filter) []byte {
	t.Helper()
	out := make([]byte, count*stride)
	if err := Decode(out, stream, count, stride, m, f); err != nil {
		t.Fatal(err)
	}
	return out
}

func peerCases() []peerCase {
	var cases []peerCase
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, stride := range []int{4, 8, 12, 16, 32, 36, 64, 256} {
		for _, count := range []int{1, 15, 16, 17, 255, 256, 257, 3000} {
			for name, data := range attributeData(rnd, count, stride) {
				for version, encode := range []func([]byte, int, Goal) []byte{EncodeAttributes, EncodeAttributesV1} {
					cases = append(cases, peerCase{
						Name: fmt.Sprintf("attributes/v%d/%s/%dx%d", version, name, count, stride),
						Mode: "ATTRIBUTES", Filter: "NONE", Count: count, Stride: stride, Version: version, Plain: data,
						Stream: encode(data, stride, Smallest), Other: encode(data, stride, Compressible),
					})
				}
			}
		}
	}
	for name, indices := range indexData(rnd) {
		for _, stride := range []int{2, 4} {
			plain := indexBytes(indices, stride)
			cases = append(cases, peerCase{
				Name: fmt.Sprintf("indices/%s/%d", name, stride), Mode: "INDICES", Filter: "NONE",
				Count: len(indices), Stride: stride, Plain: plain, Stream: EncodeIndices(indices),
			})
			if len(indices)%3 == 0 {
				cases = append(cases, peerCase{
					Name: fmt.Sprintf("triangles/%s/%d", name, stride), Mode: "TRIANGLES", Filter: "NONE",
					Count: len(indices), Stride: stride, Plain: plain, Stream: EncodeTriangles(indices),
				})
			}
		}
	}
	return append(cases, filterCases(rnd)...)
}

func filterCases(rnd *rand.Rand) []peerCase {
	var cases []peerCase
	add := func(f Filter, sharing string, stride, bits, count int, floats []float32, plain []byte) {
		var raw []byte
		for _, x := range floats {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
		}
		cases = append(cases, peerCase{
			Name: fmt.Sprintf("filters/%v%s/%d/%d bits", f, sharing, stride, bits), Mode: "ATTRIBUTES", Filter: f.String(),
			Count: count, Stride: stride, Plain: plain, Stream: EncodeAttributes(plain, stride, Smallest), Floats: raw, Bits: bits, Sharing: sharing,
		})
	}
	const count = 2000
	units, colors := unitVectors(rnd, count), make([][4]float32, count)
	for i := range colors {
		colors[i] = [4]float32{rnd.Float32(), rnd.Float32(), rnd.Float32(), rnd.Float32()}
	}
	for _, stride := range []int{4, 8} {
		for bits := 2; bits <= 2*stride; bits++ {
			add(Octahedral, "", stride, bits, count, flat(units), EncodeOctahedral(units, stride, bits))
			add(Color, "", stride, bits, count, flat(colors), EncodeColor(colors, stride, bits))
		}
	}
	turns := quaternions(rnd, count)
	for bits := 4; bits <= 16; bits++ {
		add(Quaternion, "", 8, bits, count, flat(turns), EncodeQuaternion(turns, bits))
	}
	values := make([]float32, 3*count)
	for i := range values {
		values[i] = float32(rnd.NormFloat64() * math.Exp(4*rnd.NormFloat64()))
	}
	for bits := 1; bits <= 23; bits++ {
		for share, name := range []string{"Separate", "SharedVector", "SharedComponent", "Clamped"} {
			add(Exponential, name, 12, bits, count, values, EncodeExponential(values, 3, bits, Sharing(share)))
		}
	}
	return cases
}
