package draco

import "encoding/binary"

func indexBytes(m *Mesh) []byte {
	var out []byte
	for _, v := range m.Indices {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return out
}
