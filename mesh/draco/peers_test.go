package draco

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// plenty is more than any stream here takes.
var plenty = Limits{Points: 1 << 24, Faces: 1 << 24, Attributes: 64, Bytes: 4 << 30}

// peer is what decode.mjs says of a stream.
type peer struct {
	Error      string
	Points     int
	Faces      int
	Attributes []struct {
		ID         uint32
		Type       Type
		Kind       Kind
		Components int
		Normalized bool
	}
}

// TestPeers decodes what draco3d encodes and compares every bit with what draco3d
// decodes: meshes of all shapes, at all speeds, with both methods.
func TestPeers(t *testing.T) {
	peers := os.Getenv("PEERS")
	if peers == "" {
		t.Skip("set PEERS to a folder with node_modules/draco3d 1.5.7 in it (npm install draco3d@1.5.7) to compare with it")
	}
	if os.Getenv("GOLDEN") == "update" {
		run(t, "encode.mjs", append([]string{peers, "testdata"}, committed...)...)
	}
	dir := t.TempDir()
	run(t, "encode.mjs", peers, dir)
	for _, b := range builts {
		write(t, dir, "built-"+b.name, b.data())
	}
	for _, name := range committed {
		data, err := os.ReadFile(filepath.Join("testdata", name+".drc"))
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, "committed-"+name, data)
	}
	run(t, "decode.mjs", peers, dir)
	compareAll(t, dir, 1000)
}

// TestPeersFolder compares streams of one's own, those in PEERS_STREAMS.
func TestPeersFolder(t *testing.T) {
	peers, dir := os.Getenv("PEERS"), os.Getenv("PEERS_STREAMS")
	if peers == "" || dir == "" {
		t.Skip("set PEERS, as for TestPeers, and PEERS_STREAMS to a folder of .drc files to compare them with draco3d")
	}
	run(t, "decode.mjs", peers, dir)
	compareAll(t, dir, 1)
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name+".drc"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, script string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{filepath.Join("testdata", script)}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

func compareAll(t *testing.T, dir string, least int) {
	t.Helper()
	streams, err := filepath.Glob(filepath.Join(dir, "*.drc"))
	if err != nil || len(streams) < least {
		t.Fatalf("got %d streams, %v, want at least %d", len(streams), err, least)
	}
	for _, s := range streams {
		data, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(s, "drc") + "out")
		if err != nil {
			t.Fatal(err)
		}
		compare(t, strings.TrimSuffix(filepath.Base(s), ".drc"), data, want)
	}
	t.Logf("%d streams are the same", len(streams))
}

func compare(t *testing.T, name string, data, want []byte) {
	t.Helper()
	line, rest, _ := bytes.Cut(want, []byte("\n"))
	var p peer
	if err := json.Unmarshal(line, &p); err != nil {
		t.Fatal(err)
	}
	m, err := Decode(data, plenty)
	if p.Error != "" || err != nil {
		if p.Error == "" || err == nil {
			t.Errorf("%s: got error %v, want %q", name, err, p.Error)
		}
		return
	}
	if m.Points != p.Points || len(m.Indices) != 3*p.Faces || len(m.Attributes) != len(p.Attributes) {
		t.Errorf("%s: got %d points, %d corners, %d attributes, want %+v", name, m.Points, len(m.Indices), len(m.Attributes), p)
		return
	}
	rest = same(t, name+" indices", indexBytes(m), rest)
	for i, w := range p.Attributes {
		a := m.Attributes[i]
		if a.ID != w.ID || a.Type != w.Type || a.Kind != w.Kind || a.Components != w.Components || a.Normalized != w.Normalized {
			t.Errorf("%s: got attribute %d %s %s*%d, want %+v", name, a.ID, a.Type, a.Kind, a.Components, w)
			return
		}
		rest = same(t, name+" "+a.Type.String(), a.Data, rest)
	}
}

// same compares got with as many bytes of want and returns those after.
func same(t *testing.T, what string, got, want []byte) []byte {
	t.Helper()
	if len(want) < len(got) {
		t.Errorf("%s: got %d bytes, want %d", what, len(got), len(want))
		return nil
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: byte %d of %d is %d, want %d", what, i, len(got), got[i], want[i])
			break
		}
	}
	return want[len(got):]
}
