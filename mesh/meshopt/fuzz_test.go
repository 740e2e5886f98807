package meshopt

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// Cut short or with a byte changed, a stream is an error or some result.
func TestBrokenStreams(t *testing.T) {
	for _, s := range seeds() {
		t.Run(s.name, func(t *testing.T) {
			out := make([]byte, s.count*s.stride)
			for n := range s.src {
				if err := Decode(out, s.src[:n], s.count, s.stride, s.mode, s.filter); err == nil && s.count > 0 {
					// Only where the tail's padding stood in for what was cut is this
					// possible, and it is not with these streams.
					t.Errorf("cut to %d of %d bytes there is no error", n, len(s.src))
				}
			}
			src := slices.Clone(s.src)
			for i := range src {
				for _, x := range []byte{1, 0x10, 0x80, 0xff} {
					src[i] ^= x
					_ = Decode(out, src, s.count, s.stride, s.mode, s.filter)
					src[i] ^= x
				}
			}
		})
	}
}

// A seed is a valid stream with what Decode needs to know of it.
type seed struct {
	name          string
	src           []byte
	count, stride int
	mode          Mode
	filter        Filter
}

func seeds() []seed {
	rnd := rand.New(rand.NewPCG(3, 4))
	var all []seed
	for _, stride := range []int{4, 12, 36} {
		for name, data := range attributeData(rnd, 40, stride) {
			all = append(all,
				seed{fmt.Sprintf("v0/%s/%d", name, stride), EncodeAttributes(data, stride, Smallest), 40, stride, Attributes, None},
				seed{fmt.Sprintf("v1/%s/%d", name, stride), EncodeAttributesV1(data, stride, Smallest), 40, stride, Attributes, None})
		}
	}
	units, turns := unitVectors(rnd, 30), quaternions(rnd, 30)
	for _, stride := range []int{4, 8} {
		all = append(all,
			seed{"octahedral", EncodeAttributes(EncodeOctahedral(units, stride, 8), stride, Smallest), 30, stride, Attributes, Octahedral},
			seed{"color", EncodeAttributes(EncodeColor(units, stride, 8), stride, Smallest), 30, stride, Attributes, Color})
	}
	all = append(all,
		seed{"quaternion", EncodeAttributes(EncodeQuaternion(turns, 12), 8, Smallest), 30, 8, Attributes, Quaternion},
		seed{"exponential", EncodeAttributes(EncodeExponential(flat(turns), 4, 15, PerVector), 16, Smallest), 30, 16, Attributes, Exponential})
	indices := append(grid(5), 9, 500, 3, 0, 1, 2)
	for _, stride := range []int{2, 4} {
		all = append(all,
			seed{fmt.Sprintf("triangles/%d", stride), EncodeTriangles(indices), len(indices), stride, Triangles, None},
			seed{fmt.Sprintf("indices/%d", stride), EncodeIndices(indices), len(indices), stride, Indices, None})
	}
	return all
}

func FuzzDecode(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s.src, uint16(s.count), uint16(s.stride), uint8(s.mode), uint8(s.filter))
	}
	f.Fuzz(func(t *testing.T, src []byte, count, stride uint16, m, filter uint8) {
		if Check(int(count), int(stride), Mode(m), Filter(filter)) != nil || int(count)*int(stride) > 1<<16 {
			return
		}
		a := make([]byte, int(count)*int(stride))
		b := bytes.Repeat([]byte{0xaa}, len(a))
		errA := Decode(a, src, int(count), int(stride), Mode(m), Filter(filter))
		errB := Decode(b, src, int(count), int(stride), Mode(m), Filter(filter))
		if (errA == nil) != (errB == nil) {
			t.Fatalf("%v, then %v", errA, errB)
		}
		// All of dst is written, and what was there does not matter.
		if errA == nil && !bytes.Equal(a, b) {
			t.Fatal("what was in dst shows")
		}
	})
}
