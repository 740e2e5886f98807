package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/testdata/models"
)

// shelf is Parts in memory. It ends the run after some have been saved.
type shelf struct {
	saved   [][]byte
	left    int
	end     context.CancelFunc
	refused []error
}

func (s *shelf) Load(_ context.Context, use func([]byte) error) {
	for _, data := range s.saved {
		if err := use(data); err != nil {
			s.refused = append(s.refused, err)
		}
	}
}

func (s *shelf) Due() bool { return true }

func (s *shelf) Save(_ context.Context, data []byte) error {
	s.saved = append(s.saved, data)
	if s.left--; s.left == 0 {
		s.end()
	}
	return nil
}

// run processes until it has saved so many parts, or to its end.
func (s *shelf) run(t *testing.T, src []byte, saves int) (r *Result, images, bodies int, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.left, s.end = saves, cancel
	a := NewMeter().Account()
	r, err = Processor{Account: a, Parts: s}.Process(ctx, src, Default())
	images, bodies = a.Made()
	return r, images, bodies, err
}

// contents says how often each part is on the shelf.
func (s *shelf) contents(t *testing.T) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, data := range s.saved {
		images, bodies, err := readParts(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range images {
			for _, want := range p.want {
				out[fmt.Sprint(want)]++
			}
		}
		for number := range bodies {
			out[fmt.Sprint("body ", number)]++
		}
	}
	return out
}

// Sample is the file of a sample product.
func Sample(t testing.TB, name string) []byte {
	t.Helper()
	for _, m := range models.All() {
		if m.Name == name {
			data, err := m.Make()
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
	}
	t.Fatalf("there is no sample %s", name)
	return nil
}

func TestWhatIsSavedIsNotMadeAgain(t *testing.T) {
	for name, src := range map[string][]byte{"lamp": Sample(t, "lamp"), "fern": Sample(t, "fern"), "heavy": Heavy(t, 1000, 64)} {
		t.Run(name, func(t *testing.T) {
			want, err := Process(t.Context(), src, Default())
			if err != nil {
				t.Fatal(err)
			}
			var whole shelf
			_, images, bodies, err := whole.run(t, src, 0)
			if err != nil || images+bodies == 0 {
				t.Fatalf("a run made %d images and %d bodies, %v", images, bodies, err)
			}
			for _, each := range []int{1, 3} {
				var s shelf
				allImages, allBodies, runs := 0, 0, 0
				for {
					r, i, b, err := s.run(t, src, each)
					allImages, allBodies, runs = allImages+i, allBodies+b, runs+1
					if err == nil {
						if d := cmp.Diff(want, r); d != "" {
							t.Errorf("after %d runs it is another result:\n%s", runs, d)
						}
						break
					}
					if !errors.Is(err, context.Canceled) || runs > 1000 {
						t.Fatal(err)
					}
				}
				for part, n := range s.contents(t) {
					if n != 1 {
						t.Errorf("%s was saved %d times", part, n)
					}
				}
				// A run that is broken off loses what was under way on each processor.
				if most := images + (runs-1)*(runtime.GOMAXPROCS(0)+1); allImages > most || allBodies > bodies+runs-1 {
					t.Errorf("%d runs made %d images and %d bodies, one makes %d and %d", runs, allImages, allBodies, images, bodies)
				}
				if len(s.refused) > 0 {
					t.Errorf("its own parts were refused: %v", s.refused)
				}
			}
			if _, images, bodies, err := whole.run(t, src, 0); err != nil || images+bodies != 0 {
				t.Errorf("with all saved, %d images and %d bodies are made, %v", images, bodies, err)
			}
		})
	}
}

func TestPartsOfAnotherModelAreRefused(t *testing.T) {
	src, other := Sample(t, "rack"), Sample(t, "lamp")
	var theirs shelf
	if _, _, _, err := theirs.run(t, other, 0); err != nil {
		t.Fatal(err)
	}
	want, err := Process(t.Context(), src, Default())
	if err != nil {
		t.Fatal(err)
	}
	// Images by their number, size and form may well be taken for this model's: what tells
	// them apart is the key. Bodies are not.
	var bodies shelf
	for _, data := range theirs.saved {
		_, found, err := readParts(data)
		if err != nil {
			t.Fatal(err)
		}
		for number, body := range found {
			t2 := tape{data: []byte{bodyKind}}
			t2.uint(number)
			t2.bytes(body)
			bodies.saved = append(bodies.saved, t2.data)
		}
	}
	if len(bodies.saved) == 0 {
		t.Fatal("there are no bodies")
	}
	r, _, _, err := bodies.run(t, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Error(d)
	}
}

// TestBrokenPartsAreSafe: what was saved may be anything. What is taken of it can be worked with.
func TestBrokenPartsAreSafe(t *testing.T) {
	src := Sample(t, "lamp")
	var s shelf
	if _, _, _, err := s.run(t, src, 0); err != nil {
		t.Fatal(err)
	}
	j, err := Processor{}.prepare(t.Context(), src, Default())
	if err != nil {
		t.Fatal(err)
	}
	scene := withNormals(j.folded, 0.5)
	all := bodies(scene)
	random := rand.New(rand.NewPCG(1, 2))
	taken, refused := 0, 0
	for range 1000 {
		data := append([]byte{}, s.saved[random.IntN(len(s.saved))]...)
		switch random.IntN(3) {
		case 0:
			data = data[:random.IntN(len(data))]
		case 1: // near the begin, where counts are
			data[random.IntN(min(len(data), 64))] = byte(random.Uint32())
		case 2:
			data[random.IntN(len(data))] ^= 1 << random.IntN(8)
		}
		one := shelf{saved: [][]byte{data}}
		j.codings = codings{}
		j.restore(t.Context(), &one)
		refused += len(one.refused)
		for number := range j.saver.bodies {
			if number >= len(all) {
				continue
			}
			b := &all[number]
			levels := j.saver.saved(number, b, len(j.recipe.Levels))
			if levels == nil {
				refused++
			}
			for i := range levels {
				taken++
				out := append(scene.Meshes[:0:0], scene.Meshes...)
				b.write(scene, &levels[i], out, false)
			}
		}
		taken += len(j.codings)
	}
	if taken == 0 || refused == 0 {
		t.Errorf("%d taken, %d refused", taken, refused)
	}
}

func FuzzParts(f *testing.F) {
	b := body{parts: []part{{}, {first: 2}}}
	b.mesh = mesh.Mesh{Positions: make([][3]float32, 5), Normals: make([][3]float32, 5), UVs: [][][2]float32{make([][2]float32, 5)}, Indices: make([]uint32, 9), Parts: make([]uint32, 3)}
	var t tape
	t.body(bodyPart{0, []mesh.Level{{Mesh: b.mesh, Sources: make([]uint32, 5), Deviation: 1}}})
	f.Add(t.data)
	f.Fuzz(func(t *testing.T, data []byte) {
		_, found, err := readParts(data)
		if err != nil {
			return
		}
		s := saver{bodies: found}
		for _, l := range s.saved(0, &b, 1) {
			for i, v := range l.Indices {
				p := b.parts[l.Parts[i/3]]
				if int(l.Sources[v]) < p.first {
					t.Fatal("a vertex is of another part")
				}
			}
		}
	})
}
