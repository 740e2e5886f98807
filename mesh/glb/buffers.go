package glb

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/plinth3d/plinth/mesh/scene"
)

// binaries finds the bytes of buffers and checks that every view lies in its buffer.
func (d *decoder) binaries(bin []byte) *scene.FormatError {
	sizes := make([]int, 0, len(d.doc.Buffers))
	for i, b := range d.doc.Buffers {
		where := at("buffers", i)
		var data []byte
		switch {
		case d.spare[i]:
			// Not even looked for: it may be in a file of its own.
		case b.URI == "" && i == 0 && bin != nil:
			data = bin
		case b.URI == "":
			return scene.Bad(where, "has no data")
		default:
			var err *scene.FormatError
			if data, err = d.embedded(where, b.URI); err != nil {
				return err
			}
		}
		if b.ByteLength < 0 || b.ByteLength > len(data) && !d.spare[i] {
			return scene.Bad(where+".byteLength", "is %d, there are %d bytes", b.ByteLength, len(data))
		}
		sizes = append(sizes, b.ByteLength)
		if d.spare[i] {
			d.buffers = append(d.buffers, nil)
		} else {
			d.buffers = append(d.buffers, data[:b.ByteLength:b.ByteLength])
		}
	}
	for i, v := range d.doc.BufferViews {
		where := at("bufferViews", i)
		if v.Buffer < 0 || v.Buffer >= len(sizes) {
			return scene.Bad(where+".buffer", "is %d, there are %d", v.Buffer, len(sizes))
		}
		if n := sizes[v.Buffer]; v.ByteOffset < 0 || v.ByteLength < 0 || v.ByteOffset > n || v.ByteLength > n-v.ByteOffset {
			return scene.Bad(where, "goes from %d over %d bytes, its buffer has %d", v.ByteOffset, v.ByteLength, n)
		}
		if v.ByteStride != 0 && (v.ByteStride < 4 || v.ByteStride > 252) {
			return scene.Bad(where+".byteStride", "is %d, not 4 to 252", v.ByteStride)
		}
		if p := d.packed[i]; p != nil {
			if err := p.check(where, v, d.buffers); err != nil {
				return err
			}
		}
	}
	return nil
}

// embedded returns the bytes of a data URI. Any other URI is refused: nothing
// that a file names is opened.
func (d *decoder) embedded(where, uri string) ([]byte, *scene.FormatError) {
	head, body, ok := strings.Cut(uri, ",")
	if !strings.HasPrefix(head, "data:") || !ok {
		return nil, &scene.FormatError{
			Code: "external", Where: where + ".uri", What: fmt.Sprintf("names another file, %.60q", uri),
			Do: "export everything into one GLB",
		}
	}
	if !strings.HasSuffix(head, ";base64") {
		return nil, scene.Bad(where+".uri", "is not base64")
	}
	if err := d.take(where, len(body), 1); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, scene.Bad(where+".uri", "is not base64: %v", err)
	}
	return data, nil
}

// take reckons count elements of size bytes each before they are allocated.
func (d *decoder) take(where string, count, size int) *scene.FormatError {
	// Divided, since a product could overflow.
	if int64(count) > (d.lim.Memory-d.memory)/int64(size) {
		return &scene.FormatError{
			Code: "limit", Where: where, What: fmt.Sprintf("has %d elements of %d bytes, with those before more than the limit, %d bytes", count, size, d.lim.Memory),
			Do: "reduce the model or raise the limit",
		}
	}
	d.memory += int64(count) * int64(size)
	return nil
}

// view returns the bytes of a view, unpacked.
func (d *decoder) view(where string, i int) ([]byte, *scene.FormatError) {
	if i < 0 || i >= len(d.doc.BufferViews) {
		return nil, scene.Bad(where+".bufferView", "is %d, there are %d", i, len(d.doc.BufferViews))
	}
	if p := d.packed[i]; p != nil {
		return d.unpack(at("bufferViews", i), p)
	}
	v := d.doc.BufferViews[i]
	return d.buffers[v.Buffer][v.ByteOffset : v.ByteOffset+v.ByteLength], nil
}
