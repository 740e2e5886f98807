package glb

import (
	"encoding/binary"
	"math"

	"github.com/plinth3d/plinth/mesh/draco"
	"github.com/plinth3d/plinth/mesh/scene"
)

// dracoKinds are the kinds that a stream and an accessor both have.
var dracoKinds = map[draco.Kind]scene.Kind{
	draco.Int8: scene.Int8, draco.Uint8: scene.Uint8, draco.Int16: scene.Int16, draco.Uint16: scene.Uint16,
	draco.Uint32: scene.Uint32, draco.Float32: scene.Float32,
}

// ranges are the values that integers of a kind can have.
var ranges = map[scene.Kind][2]int64{
	scene.Int8: {math.MinInt8, math.MaxInt8}, scene.Uint8: {0, math.MaxUint8}, scene.Int16: {math.MinInt16, math.MaxInt16},
	scene.Uint16: {0, math.MaxUint16}, scene.Uint32: {0, math.MaxUint32},
}

// tops are what 1 is stored as where integers of a stream are normalized.
var tops = map[draco.Kind]float64{
	draco.Int8: math.MaxInt8, draco.Uint8: math.MaxUint8, draco.Int16: math.MaxInt16, draco.Uint16: math.MaxUint16,
	draco.Int32: math.MaxInt32, draco.Uint32: math.MaxUint32, draco.Int64: math.MaxInt64, draco.Uint64: math.MaxUint64, draco.Bool: 1,
}

// converted is the data of a in the kind that its accessor names, as the reference
// decoder gives it to a viewer that asks for that kind: integers keep their values and
// must fit, or become floats, divided where the stream says that they are normalized.
// Floats don't become integers.
func converted(a *draco.Attribute, to scene.Kind) ([]byte, bool) {
	real := a.Kind == draco.Float32 || a.Kind == draco.Float64
	if real && to != scene.Float32 {
		return nil, false
	}
	step := a.Kind.Size()
	out := make([]byte, 0, len(a.Data)/step*to.Size())
	scale := 1.0
	if a.Normalized && !real {
		scale = tops[a.Kind]
	}
	limits := ranges[to]
	for data := a.Data; len(data) >= step; data = data[step:] {
		if to == scene.Float32 {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(number(data, a.Kind)/scale)))
			continue
		}
		n, ok := whole(data, a.Kind)
		if !ok || n < limits[0] || n > limits[1] {
			return nil, false
		}
		switch to.Size() {
		case 1:
			out = append(out, byte(n))
		case 2:
			out = binary.LittleEndian.AppendUint16(out, uint16(n))
		default:
			out = binary.LittleEndian.AppendUint32(out, uint32(n))
		}
	}
	return out, true
}

// number is the first component in data.
func number(data []byte, k draco.Kind) float64 {
	switch k {
	case draco.Float32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(data)))
	case draco.Float64:
		return math.Float64frombits(binary.LittleEndian.Uint64(data))
	case draco.Uint64:
		return float64(binary.LittleEndian.Uint64(data))
	}
	n, _ := whole(data, k)
	return float64(n)
}

// whole is the first component in data, an integer; ok is false for one beyond int64.
func whole(data []byte, k draco.Kind) (n int64, ok bool) {
	switch k {
	case draco.Int8:
		return int64(int8(data[0])), true
	case draco.Uint8, draco.Bool:
		return int64(data[0]), true
	case draco.Int16:
		return int64(int16(binary.LittleEndian.Uint16(data))), true
	case draco.Uint16:
		return int64(binary.LittleEndian.Uint16(data)), true
	case draco.Int32:
		return int64(int32(binary.LittleEndian.Uint32(data))), true
	case draco.Uint32:
		return int64(binary.LittleEndian.Uint32(data)), true
	}
	u := binary.LittleEndian.Uint64(data)
	return int64(u), k == draco.Int64 || u <= math.MaxInt64
}
