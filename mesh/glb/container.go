// Package glb reads and writes scenes in glTF 2.0: the binary container (GLB) and
// the JSON form with embedded data.
//
// Decode treats its input as hostile: it checks every offset, count and index
// against the bytes that are there, and every size against a limit, before it
// allocates or hands anything on, so that what comes out is safe to index
// without further checks. It opens no file and follows no URI. A bad file costs
// at most what scene.Limits says, some 100 bytes for each element of its
// structure, and an error that names the place.
//
// Views packed with EXT_meshopt_compression or KHR_meshopt_compression, and primitives
// packed with KHR_draco_mesh_compression, are unpacked, and nothing in the scene tells
// but that it is Converted. What they unpack to counts towards the limits before it is
// allocated. A packed view is read even where there is a plain one to fall back on; of
// a Draco primitive the plain data is read where all of it is there.
//
// Of a file with levels of detail on its nodes (MSFT_lod) the scene has the finest, and is
// Converted too.
//
// Encode, EncodeWith and EncodeLevels write the same bytes for the same scene, always.
package glb

import (
	"bytes"
	"encoding/binary"

	"github.com/plinth3d/plinth/mesh/scene"
)

// The container's magic numbers (glTF 2.0, section 4.4).
const (
	magic     = "glTF"
	chunkJSON = 0x4E4F534A
	chunkBIN  = 0x004E4942
)

// Sniff says whether data begins like a file that Decode reads.
func Sniff(data []byte) bool {
	return bytes.HasPrefix(data, []byte(magic)) || bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 64)], " \t\r\n\ufeff"), []byte("{"))
}

// split finds the JSON and the binary chunk. A file of JSON has no binary chunk.
func split(data []byte, lim scene.Limits) (text, bin []byte, err *scene.FormatError) {
	if int64(len(data)) > lim.Bytes {
		return nil, nil, scene.TooLarge("the file", "bytes", int64(len(data)), lim.Bytes)
	}
	if len(data) == 0 {
		return nil, nil, &scene.FormatError{Code: "empty", Where: "the file", What: "is empty", Do: "choose a GLB file"}
	}
	if !Sniff(data) {
		return nil, nil, &scene.FormatError{Code: "format", Where: "the file", What: "is not glTF", Do: "export it as GLB (binary glTF 2.0)"}
	}
	if !bytes.HasPrefix(data, []byte(magic)) {
		text = bytes.TrimPrefix(data, []byte("\ufeff"))
		return text, nil, tooMuch(text, lim)
	}
	if len(data) < 20 {
		return nil, nil, scene.Bad("the header", "is cut off after %d bytes", len(data))
	}
	if v := binary.LittleEndian.Uint32(data[4:]); v != 2 {
		return nil, nil, &scene.FormatError{Code: "version", Where: "the header", What: "is not of glTF 2", Do: "export it as glTF 2.0"}
	}
	switch n := int64(binary.LittleEndian.Uint32(data[8:])); {
	case n < 20:
		return nil, nil, scene.Bad("the header", "promises %d bytes, less than a header has", n)
	case n > int64(len(data)):
		return nil, nil, &scene.FormatError{Code: "truncated", Where: "the file", What: "ends early: its header promises more bytes than there are", Do: "upload it again, it was cut off on the way"}
	}
	rest := data[12:binary.LittleEndian.Uint32(data[8:])]
	for i := 0; len(rest) > 0; i++ {
		if len(rest) < 8 {
			return nil, nil, scene.Bad("chunk", "%d has no header", i)
		}
		n, kind := int64(binary.LittleEndian.Uint32(rest)), binary.LittleEndian.Uint32(rest[4:])
		if n > int64(len(rest)-8) {
			return nil, nil, scene.Bad("chunk", "%d has %d bytes, %d are left", i, n, len(rest)-8)
		}
		body := rest[8 : 8+n]
		rest = rest[8+n:]
		switch {
		case i == 0 && kind != chunkJSON:
			return nil, nil, scene.Bad("chunk", "0 is not JSON")
		case i == 0:
			text = body
		case i == 1 && kind == chunkBIN:
			bin = body
		}
		if len(rest) < 8 && len(bytes.Trim(rest, "\x00")) == 0 {
			break // some exporters pad the file
		}
	}
	if text == nil {
		return nil, nil, scene.Bad("the file", "has no JSON chunk")
	}
	return text, bin, tooMuch(text, lim)
}

// tooMuch checks the structure's size before it is parsed: each element of it, when
// parsed, takes some 100 bytes.
func tooMuch(text []byte, lim scene.Limits) *scene.FormatError {
	if int64(len(text)) > lim.JSON {
		// Data embedded in JSON is parsed as one string; it is bound by Bytes.
		if !bytes.Contains(text, []byte(";base64,")) {
			return scene.TooLarge("the JSON", "bytes", int64(len(text)), lim.JSON)
		}
	}
	n := int64(bytes.Count(text, []byte(","))) + int64(bytes.Count(text, []byte("{"))) + int64(bytes.Count(text, []byte("[")))
	if n > lim.Elements {
		return scene.TooLarge("the JSON", "elements", n, lim.Elements)
	}
	return nil
}
