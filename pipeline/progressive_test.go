package pipeline_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// layout is what a progressive file says of where things are.
type layout struct {
	Accessors []struct{ BufferView int }
	Buffers   []struct{ ByteLength int64 }

	BufferViews []struct {
		Buffer                 int
		ByteOffset, ByteLength int64
		Extensions             map[string]struct {
			Buffer                 int
			ByteOffset, ByteLength int64
		}
	}
	Images []struct{ BufferView int }
	Meshes []struct {
		Primitives []struct {
			Attributes map[string]int
			Targets    []map[string]int
			Indices    int
			Material   *int
		}
	}
	Materials []json.RawMessage
	Nodes     []struct {
		Mesh       *int
		Children   []int
		Extensions struct {
			Lod *struct{ Ids []int } `json:"MSFT_lod"`
		}
		Extras json.RawMessage
	}
	Scenes   []struct{ Nodes []int }
	Textures []struct {
		Source     *int
		Extensions map[string]struct{ Source int }
	}
}

func layoutOf(t *testing.T, data []byte) (l layout, head int64) {
	t.Helper()
	n := int64(binary.LittleEndian.Uint32(data[12:]))
	if err := json.Unmarshal(data[20:20+n], &l); err != nil {
		t.Fatal(err)
	}
	return l, 20 + n + 8
}

// span is where a view's bytes are in a file, packed ones' as they are packed.
func (l *layout) span(view int, head int64) (from, to int64) {
	v := l.BufferViews[view]
	from, to = v.ByteOffset, v.ByteLength
	if p, ok := v.Extensions["EXT_meshopt_compression"]; ok {
		from, to = p.ByteOffset, p.ByteLength
	}
	return head + from, head + from + to
}

// views lists what a mesh needs: its arrays and its images.
func (l *layout) views(mesh int) (out []int) {
	for _, p := range l.Meshes[mesh].Primitives {
		for _, a := range p.Attributes {
			out = append(out, l.Accessors[a].BufferView)
		}
		out = append(out, l.Accessors[p.Indices].BufferView)
		for _, m := range p.Targets {
			for _, a := range m {
				out = append(out, l.Accessors[a].BufferView)
			}
		}
		if p.Material == nil {
			continue
		}
		for _, t := range textureIndices(l.Materials[*p.Material]) {
			src := l.Textures[t].Source
			if w, ok := l.Textures[t].Extensions["EXT_texture_webp"]; ok {
				src = &w.Source
			}
			out = append(out, l.Images[*src].BufferView)
		}
	}
	return out
}

// textureIndices finds "index" in all members of a material whose names end in Texture.
func textureIndices(material json.RawMessage) (out []int) {
	var walk func(name string, v any)
	walk = func(name string, v any) {
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		if i, ok := m["index"].(float64); ok && strings.HasSuffix(name, "Texture") {
			out = append(out, int(i))
		}
		for k, x := range m {
			walk(k, x)
		}
	}
	var tree any
	if json.Unmarshal(material, &tree) == nil {
		walk("", tree)
	}
	return out
}

// checkProgressive tests a result's progressive form against its web form.
func checkProgressive(t *testing.T, r *pipeline.Result) {
	t.Helper()
	files := map[string][]byte{}
	for _, o := range r.Outputs {
		files[o.Name] = o.Data
	}
	finest, ok := r.Manifest.Levels[0].Rendition(asset.Progressive)
	if !ok {
		t.Fatal("there is no progressive form")
	}
	data := files[finest.Key]
	if asset.Hash(data) != finest.SHA256 || int64(len(data)) != finest.Bytes {
		t.Error("the progressive file is not what the manifest says")
	}
	l, head := layoutOf(t, data)
	ranges := checkRanges(t, r, head)
	checkNodes(t, &l, head, ranges)

	web, _ := r.Manifest.Levels[0].Rendition(asset.Web)
	want, wanted := soup(t, files[web.Key])
	got, has := soup(t, data)
	if !slices.Equal(want, got) {
		t.Errorf("read back, its %d triangles are not the %d of the web form's finest level", len(got), len(want))
	}
	if wanted != has {
		t.Errorf("read back, it has %+v; the web form's finest level has %+v", has, wanted)
	}
}

// counts are facts of a scene.
type counts struct {
	triangles, vertices, gpuBytes                                int64
	meshes, materials, images, skins, animations, morphs, imageB int
}

// soup is a file's triangles where they stand, in order, and what else there is.
func soup(t *testing.T, data []byte) (out [][9]float32, c counts) {
	t.Helper()
	s, err := glb.Decode(data, scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Inspect()
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range s.Placements() {
		for _, p := range s.Meshes[place.Mesh].Primitives {
			points := p.Attribute("POSITION").Vec3()
			for tri := range slices.Chunk(p.TriangleList(), 3) {
				var flat [9]float32
				for i, v := range tri {
					at := place.At.Point(points[v])
					copy(flat[3*i:], at[:])
				}
				out = append(out, flat)
			}
		}
	}
	slices.SortFunc(out, func(a, b [9]float32) int { return slices.Compare(a[:], b[:]) })
	return out, counts{
		f.Triangles, f.Vertices, f.GPUBytes, f.Meshes, f.Materials, f.Images, f.Skins, f.Animations, f.Morphs, int(f.ImageBytes),
	}
}

// checkRanges tests what the manifest says of a progressive file, and returns the ranges that
// differ, the finest first.
func checkRanges(t *testing.T, r *pipeline.Result, head int64) (ranges []asset.Span) {
	t.Helper()
	levels := r.Manifest.Levels
	end := int64(0)
	for k, l := range levels {
		p, _ := l.Rendition(asset.Progressive)
		web, _ := l.Rendition(asset.Web)
		first, _ := levels[0].Rendition(asset.Progressive)
		switch {
		case p.Range == nil || p.Key != first.Key || p.SHA256 != first.SHA256 || p.Bytes != first.Bytes:
			t.Fatalf("level %d is %+v, level 0 %+v", k, p, first)
		case p.GPUBytes != web.GPUBytes || len(p.Textures) != len(web.Textures):
			t.Errorf("level %d has %d GPU bytes and %d textures, its web form %d and %d", k, p.GPUBytes, len(p.Textures), web.GPUBytes, len(web.Textures))
		}
		if k == 0 {
			end = p.Bytes
		}
		if len(ranges) > 0 && *p.Range == ranges[len(ranges)-1] {
			continue
		}
		if p.Range.Bytes <= 0 || p.Range.Offset+p.Range.Bytes != end {
			t.Errorf("level %d is at %+v, the finer one begins at %d", k, *p.Range, end)
		}
		if k > 0 && web.Key == webKey(levels[k-1]) {
			t.Errorf("level %d is at %+v, and is the finer one", k, *p.Range)
		}
		// Views are cut by level, and some lose what makes them small.
		if most := web.Bytes + web.Bytes/20; k < len(levels)-1 && p.Range.Bytes > most {
			t.Errorf("level %d adds %d bytes, its web form has %d", k, p.Range.Bytes, web.Bytes)
		}
		end = p.Range.Offset
		ranges = append(ranges, *p.Range)
	}
	if end != head {
		t.Errorf("the coarsest level begins at %d, the binary chunk at %d", end, head)
	}
	return ranges
}

func webKey(l asset.Level) string {
	r, _ := l.Rendition(asset.Web)
	return r.Key
}

// checkNodes tests that each level needs only what is its own or a coarser one's, that no view
// is of two levels, and that only the finest is on the stage.
func checkNodes(t *testing.T, l *layout, head int64, ranges []asset.Span) {
	t.Helper()
	in := func(view int) int {
		from, to := l.span(view, head)
		return slices.IndexFunc(ranges, func(r asset.Span) bool { return from >= r.Offset && to <= r.Offset+r.Bytes })
	}
	for i := range l.BufferViews {
		if in(i) < 0 {
			from, to := l.span(i, head)
			t.Errorf("view %d goes from %d to %d, which is in no level's range", i, from, to)
		}
	}
	onStage := map[int]bool{}
	var walk func(list []int)
	walk = func(list []int) {
		for _, i := range list {
			onStage[i] = true
			walk(l.Nodes[i].Children)
		}
	}
	for _, s := range l.Scenes {
		walk(s.Nodes)
	}
	for i, n := range l.Nodes {
		if n.Extensions.Lod == nil {
			continue
		}
		if len(n.Extensions.Lod.Ids) < len(ranges)-1 || len(n.Children) > 0 || !onStage[i] {
			t.Errorf("node %d has levels %v and children %v, is on the stage: %t; there are %d levels", i, n.Extensions.Lod.Ids, n.Children, onStage[i], len(ranges))
		}
		if !bytes.Contains(n.Extras, []byte("MSFT_screencoverage")) {
			t.Errorf("node %d has no coverage", i)
		}
		for k, c := range append([]int{i}, n.Extensions.Lod.Ids...) {
			if k > 0 && onStage[c] {
				t.Errorf("node %d, a coarser level of %d, is on the stage", c, i)
			}
			for l.Nodes[c].Mesh == nil {
				c = l.Nodes[c].Children[0]
			}
			for _, v := range l.views(*l.Nodes[c].Mesh) {
				if in(v) < k && len(n.Extensions.Lod.Ids) == len(ranges)-1 {
					t.Errorf("level %d of node %d needs view %d of the finer level %d", k, i, v, in(v))
				}
			}
		}
	}
}

func TestAProgressiveFileIsTheSameOnAnyNumberOfProcessors(t *testing.T) {
	src := sample(t, "rack")
	var first string
	for _, n := range []int{1, 8} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
			r, _ := process(t, src).Manifest.Levels[0].Rendition(asset.Progressive)
			if first == "" {
				first = r.SHA256
			}
			if r.SHA256 != first {
				t.Errorf("with %d processors it is another", n)
			}
		}()
	}
}

func TestAProgressiveFormNeedsTheWebForm(t *testing.T) {
	r := pipeline.Default()
	r.Forms = []string{asset.Universal, asset.Progressive}
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "without web") {
		t.Errorf("got %v", err)
	}
	r.Forms = []string{asset.Universal, asset.Web}
	result, err := pipeline.Process(t.Context(), sample(t, "rack"), r)
	if err != nil {
		t.Fatal(err)
	}
	if _, there := result.Manifest.Levels[0].Rendition(asset.Progressive); there {
		t.Error("it is made, and not asked for")
	}
}

func TestAModelOfOneLevelHasOneFile(t *testing.T) {
	r := pipeline.Default()
	r.Levels = r.Levels[:1]
	result, err := pipeline.Process(t.Context(), sample(t, "rack"), r)
	if err != nil {
		t.Fatal(err)
	}
	l := result.Manifest.Levels[0]
	web, _ := l.Rendition(asset.Web)
	p, _ := l.Rendition(asset.Progressive)
	if p.Key != web.Key || p.Range == nil || p.Range.Offset+p.Range.Bytes != p.Bytes {
		t.Errorf("the progressive form is %+v, the web form %+v", p, web)
	}
}

func TestLevelsOfMaterialsAreNotThoseOfTheFile(t *testing.T) {
	s, err := glb.Decode(sample(t, "rack"), scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Materials {
		s.Materials[i].Extra = s.Materials[i].With("MSFT_lod", map[string]any{"ids": []any{json.Number("0")}})
	}
	src, err := glb.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	r := process(t, src)
	checkProgressive(t, r)
	finest, _ := r.Manifest.Levels[0].Rendition(asset.Progressive)
	web, _ := r.Manifest.Levels[0].Rendition(asset.Web)
	for _, o := range r.Outputs {
		if o.Name != finest.Key && o.Name != web.Key {
			continue
		}
		l, _ := layoutOf(t, o.Data)
		if len(l.Materials) == 0 {
			t.Errorf("%s has no materials, so that nothing was tested", o.Name)
		}
		for i, m := range l.Materials {
			if there := bytes.Contains(m, []byte("MSFT_lod")); there != (o.Name == web.Key) {
				t.Errorf("material %d of %s has levels: %t", i, o.Name, there)
			}
		}
	}
}
