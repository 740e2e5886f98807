package pipeline

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// Parts keeps what a run of Process has finished, so that another run of the same code over
// the same source by the same recipe doesn't make it again. What comes out is the same with and
// without it. That bytes are those that were saved is for Parts to see to; Process checks that they
// make sense here.
type Parts interface {
	// Load calls use with each that was saved. An error of use says that it makes no sense.
	Load(ctx context.Context, use func(saved []byte) error)

	// Due says whether it is time to save what is finished.
	Due() bool

	// Save keeps what was finished since the last one, as Load is to return it. After an
	// error it is given again with what comes next. It and Due are called by one at a time.
	Save(ctx context.Context, finished []byte) error
}

// An imagePart is an image at one size, coded for some forms.
type imagePart struct {
	want  []coding
	coded []textures.Coded
}

// A bodyPart is the levels of a body of meshes.
type bodyPart struct {
	number int
	levels []mesh.Level
}

// saver gives finished parts to Parts. A nil one has none, and keeps none.
type saver struct {
	keep   Parts
	bodies map[int][]byte // that were saved: read once it is known what they must fit

	mu     sync.Mutex
	images []imagePart // not saved yet
	shapes []bodyPart
	saving sync.Mutex
}

// made notes what was finished, and saves it with all before if it is time to.
func (s *saver) made(ctx context.Context, images []imagePart, shapes []bodyPart) {
	if s == nil {
		return
	}
	s.mu.Lock()
	s.images, s.shapes = append(s.images, images...), append(s.shapes, shapes...)
	s.mu.Unlock()
	if ctx.Err() != nil || !s.saving.TryLock() {
		return // who saves now leaves it to the next
	}
	defer s.saving.Unlock()
	if s.keep.Due() {
		s.save(ctx)
	}
}

func (s *saver) save(ctx context.Context) {
	s.mu.Lock()
	images, shapes := s.images, s.shapes
	s.images, s.shapes = nil, nil
	s.mu.Unlock()
	if len(images)+len(shapes) == 0 {
		return
	}
	var t tape
	for _, p := range images {
		t.image(p)
	}
	for _, p := range shapes {
		t.body(p)
	}
	if err := s.keep.Save(ctx, t.data); err != nil { // Save tells of it
		s.mu.Lock()
		defer s.mu.Unlock()
		s.images, s.shapes = append(images, s.images...), append(shapes, s.shapes...)
	}
}

// restore reads what was saved of the job.
func (j *job) restore(ctx context.Context, keep Parts) {
	if keep == nil {
		return
	}
	j.saver = &saver{keep: keep, bodies: map[int][]byte{}}
	keep.Load(ctx, func(saved []byte) error {
		images, bodies, err := readParts(saved)
		if err != nil {
			return err
		}
		for _, p := range images {
			if !j.fits(p) {
				return errTape
			}
		}
		for _, p := range images {
			for i, want := range p.want {
				if p.coded[i].Data == nil { // the source's own bytes were taken
					p.coded[i].Data = j.folded.Images[want.image].Data
				}
				j.codings[want] = p.coded[i]
			}
		}
		maps.Copy(j.saver.bodies, bodies)
		return nil
	})
}

// fits says whether a part may be one of the job's images.
func (j *job) fits(p imagePart) bool {
	for i, want := range p.want {
		if want.image >= len(j.pictures) || want.w < 1 || want.h < 1 {
			return false
		}
		size := j.pictures[want.image].pixels.Rect
		data := p.coded[i].Data
		if data == nil {
			data = j.folded.Images[want.image].Data
		}
		w, h, err := textures.Config(data)
		if err != nil || w != want.w || h != want.h || w > size.Dx() || h > size.Dy() || textures.Sniff(data) != p.coded[i].MIME {
			return false
		}
		if want.form == asset.Universal && p.coded[i].MIME == textures.WebP {
			return false
		}
	}
	return true
}

// own replaces data that is the source's by nil: it need not be saved.
func (p imagePart) own(images []scene.Image) imagePart {
	p.coded = slices.Clone(p.coded)
	for i, want := range p.want {
		if source := images[want.image].Data; len(source) > 0 && len(p.coded[i].Data) == len(source) && &p.coded[i].Data[0] == &source[0] {
			p.coded[i].Data = nil
		}
	}
	return p
}

// saved returns the levels of a body that were saved.
func (s *saver) saved(number int, b *body, targets int) []mesh.Level {
	if s == nil || s.bodies[number] == nil {
		return nil
	}
	t := tape{data: s.bodies[number]}
	levels := t.levels(&b.mesh)
	delete(s.bodies, number)
	if t.err != nil || len(t.data) > 0 || len(levels) != targets {
		return nil
	}
	for i := range levels {
		if !b.fits(&levels[i]) {
			return nil
		}
	}
	return levels
}

// fits says whether l may be a level of b: everything that it refers to is there, and of the
// part that it says.
func (b *body) fits(l *mesh.Level) bool {
	if l.Validate() != nil || len(l.Sources) != len(l.Positions) || len(l.Parts) != l.Triangles() || len(l.Indices) > len(b.mesh.Indices) {
		return false
	}
	if !(l.Deviation >= 0) || math.IsInf(float64(l.Deviation), 0) {
		return false
	}
	for i, v := range l.Indices {
		p := int(l.Parts[i/3])
		if p >= len(b.parts) {
			return false
		}
		end := len(b.mesh.Positions)
		if p+1 < len(b.parts) {
			end = b.parts[p+1].first
		}
		if s := int(l.Sources[v]); s < b.parts[p].first || s >= end {
			return false
		}
	}
	return true
}
