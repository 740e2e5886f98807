package glb

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/plinth3d/plinth/mesh/scene"
)

// A Span is a part of a file, in bytes.
type Span struct{ Offset, Bytes int64 }

// EncodeLevels writes a stack of levels as one GLB that can be shown before all of it is
// there: the JSON first, then the coarsest level's arrays and images, each finer level's
// after them in one piece, all in the binary chunk and packed with EXT_meshopt_compression.
// What several levels have lies with the coarsest of them. Of each level the result tells
// what is its own; without the images and arrays of coarser ones it can't be shown. A level
// that has nothing of its own has the coarser one's span. What pads the chunk's end, up to
// three bytes, is the last level's that has something, so that the spans are all of the file
// but its head.
//
// Morph targets of all levels lie with the coarsest. So do animations and skins.
func EncodeLevels(s *scene.Stack) ([]byte, []Span, error) {
	e := newEncoder(s.Scene, Options{Meshopt: true})
	e.levels = s
	data, err := e.encode()
	if err != nil {
		return nil, nil, err
	}
	e.locate(data)
	return data, e.spans, nil
}

// locate makes places in the binary chunk those in the file.
func (e *encoder) locate(data []byte) {
	// The header of the file, that of the JSON, the JSON.
	end, first := int64(len(data)), 12+8+int64(binary.LittleEndian.Uint32(data[12:]))
	if first < end {
		first += 8 // the header of the binary chunk, which isn't there where it would be empty
	}
	for i := range e.spans {
		e.spans[i].Offset += first
	}
	// The finest is last in the file.
	if i := slices.IndexFunc(e.spans, func(s Span) bool { return s.Bytes > 0 }); i >= 0 {
		e.spans[i].Bytes = end - e.spans[i].Offset
	}
	for i := len(e.spans) - 2; i >= 0; i-- {
		if e.spans[i].Bytes == 0 {
			e.spans[i] = e.spans[i+1]
		}
	}
}

func (e *encoder) coarsest() int { return e.levels.Levels - 1 }

// rank orders the views of a level, positions first, then what Babylon.js (9.34) asks for
// late. It fetches a level by the first and the last byte of what it has asked for until then,
// and cuts all that it asks for later from what the coarsest level brought; so
// animations, inverse bind matrices and morph targets, these of all levels, lie in the coarsest
// between what every model needs. The order in a file of one level is that of writing.
func (e *encoder) rank(u use, group string) int {
	switch {
	case e.levels.Levels == 1 || u == vertices && group == "POSITION":
		return 0
	case u == frames || u == binding || u == vertices && len(group) > 6 && group[:6] == "morph ":
		return 1
	}
	return 2
}

// shelf lists the views of a level in the order they lie in.
func (e *encoder) shelf(level int) (out []int) {
	for i := range e.shelves {
		if e.shelves[i].level == level {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(e.shelves[a].rank, e.shelves[b].rank) })
	return out
}
