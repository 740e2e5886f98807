package pipeline

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// A tape is finished parts one after the other, as bytes: numbers as varints, lists after
// their length, floats as their bits, little-endian. It is appended to, or read from its
// begin: what is read is cut off. After err, everything reads as nothing.
type tape struct {
	data []byte
	err  error
}

// errTape says that saved parts are none, or none of this job.
var errTape = errors.New("what was saved is not what this work makes")

const (
	imageKind = 1
	bodyKind  = 2
)

// formNumbers are how a tape says for which form an image is.
var formNumbers = []string{asset.Universal, asset.Web}

func (t *tape) uint(x int)     { t.data = binary.AppendUvarint(t.data, uint64(x)) }
func (t *tape) bytes(b []byte) { t.uint(len(b)); t.data = append(t.data, b...) }
func (t *tape) float(x float64) {
	t.data = binary.LittleEndian.AppendUint64(t.data, math.Float64bits(x))
}

func (t *tape) image(p imagePart) {
	t.data = append(t.data, imageKind)
	t.uint(p.want[0].image)
	t.uint(p.want[0].w)
	t.uint(p.want[0].h)
	t.uint(len(p.want))
	for i, c := range p.coded {
		for n, form := range formNumbers {
			if form == p.want[i].form {
				t.uint(n)
			}
		}
		t.bytes([]byte(c.MIME))
		for _, x := range []float64{c.PSNR, c.Angle, c.Mean, c.Shift, c.Detail} {
			t.float(x)
		}
		t.bytes(c.Data)
	}
}

func (t *tape) body(p bodyPart) {
	t.data = append(t.data, bodyKind)
	t.uint(p.number)
	var inner tape
	inner.uint(len(p.levels))
	for i := range p.levels {
		inner.level(&p.levels[i])
	}
	t.bytes(inner.data)
}

func (t *tape) level(l *mesh.Level) {
	t.float(float64(l.Deviation))
	t.bytes([]byte(l.Reason))
	t.uint(len(l.Positions))
	writeRows(t, l.Positions)
	writeRows(t, l.Normals)
	writeRows(t, l.Colors)
	for _, set := range l.UVs {
		writeRows(t, set)
	}
	writeNumbers(t, l.Sources)
	t.uint(len(l.Indices))
	writeNumbers(t, l.Indices)
	writeNumbers(t, l.Parts)
}

func writeRows[R [2]float32 | [3]float32 | [4]float32](t *tape, rows []R) {
	for _, row := range rows {
		for i := range len(row) {
			t.data = binary.LittleEndian.AppendUint32(t.data, math.Float32bits(row[i]))
		}
	}
}

func writeNumbers(t *tape, list []uint32) {
	for _, x := range list {
		t.data = binary.LittleEndian.AppendUint32(t.data, x)
	}
}

// readParts reads all parts of a tape. Bodies are left as they are.
func readParts(data []byte) (images []imagePart, bodies map[int][]byte, err error) {
	t, bodies := tape{data: data}, map[int][]byte{}
	for len(t.data) > 0 && t.err == nil {
		switch kind := t.take(1); {
		case t.err != nil:
		case kind[0] == imageKind:
			images = append(images, t.readImage())
		case kind[0] == bodyKind:
			number := t.number(math.MaxInt32)
			bodies[number] = t.read()
		default:
			t.err = errTape
		}
	}
	return images, bodies, t.err
}

func (t *tape) readImage() (p imagePart) {
	at := coding{image: t.number(math.MaxInt32), w: t.number(math.MaxUint16), h: t.number(math.MaxUint16)}
	n := t.number(len(formNumbers))
	if n == 0 {
		t.err = errTape
	}
	for range n {
		at.form = formNumbers[t.number(len(formNumbers)-1)]
		c := textures.Coded{MIME: string(t.read())}
		for _, x := range []*float64{&c.PSNR, &c.Angle, &c.Mean, &c.Shift, &c.Detail} {
			if *x = t.readFloat(); math.IsNaN(*x) {
				t.err = errTape
			}
		}
		if data := t.read(); len(data) > 0 {
			c.Data = data
		}
		p.want, p.coded = append(p.want, at), append(p.coded, c)
	}
	return p
}

// levels reads the levels of a mesh: they have what that has.
func (t *tape) levels(of *mesh.Mesh) (out []mesh.Level) {
	for range t.number(16) {
		l := mesh.Level{Deviation: float32(t.readFloat()), Reason: string(t.read())}
		n := t.number(len(of.Indices))
		l.Positions = readRows[[3]float32](t, n)
		if of.Normals != nil {
			l.Normals = readRows[[3]float32](t, n)
		}
		if of.Colors != nil {
			l.Colors = readRows[[4]float32](t, n)
		}
		for range of.UVs {
			l.UVs = append(l.UVs, readRows[[2]float32](t, n))
		}
		l.Sources = t.numbers(n)
		indices := t.number(len(of.Indices))
		l.Indices = t.numbers(indices)
		l.Parts = t.numbers(indices / 3)
		out = append(out, l)
	}
	return out
}

// take cuts n bytes off.
func (t *tape) take(n int) []byte {
	if t.err != nil || n > len(t.data) {
		t.err = errTape
		return nil
	}
	out := t.data[:n:n]
	t.data = t.data[n:]
	return out
}

// number reads one of 0 to most.
func (t *tape) number(most int) int {
	x, n := binary.Uvarint(t.data)
	if t.err != nil || n <= 0 || x > uint64(most) {
		t.err = errTape
		return 0
	}
	t.data = t.data[n:]
	return int(x)
}

func (t *tape) read() []byte { return t.take(t.number(math.MaxInt32)) }

func (t *tape) readFloat() float64 {
	if b := t.take(8); b != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

func (t *tape) numbers(n int) []uint32 {
	b := t.take(4 * n)
	out := make([]uint32, len(b)/4)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return out
}

func readRows[R [2]float32 | [3]float32 | [4]float32](t *tape, n int) []R {
	var r R
	b := t.take(4 * len(r) * n)
	out := make([]R, len(b)/(4*len(r)))
	for i := range out {
		for k := range len(r) {
			out[i][k] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*(len(r)*i+k):]))
		}
	}
	return out
}
