package glb_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/plinth3d/plinth/mesh/scene"
)

// peerFile is what testdata/peers.mjs says of a file.
type peerFile struct {
	Errors     []string
	Primitives []struct {
		Mode       int
		Indices    *scene.Array
		Attributes map[string]*scene.Array
		Targets    []map[string]*scene.Array
	}
	Tracks []*scene.Array
}

func peers(t *testing.T, args ...string) []byte {
	t.Helper()
	dir := os.Getenv("PEERS")
	if dir == "" {
		t.Skip("set PEERS to a folder with node_modules (npm install gltfpack@1.3.0 meshoptimizer@1.3.0 draco3d@1.5.7 gltf-validator@2.0.0-dev.3.10 @gltf-transform/cli@4.5.1) to compare with other tools")
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"testdata/peers.mjs", dir}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func peersRead(t *testing.T, files ...string) (out []peerFile) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(peers(t, append([]string{"read"}, files...)...)))
	for range files {
		var f peerFile
		if err := dec.Decode(&f); err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// equal fails unless s holds what others read in the same file. Numbers that we take as
// floats are compared as such.
func (f *peerFile) equal(t *testing.T, s *scene.Scene) {
	t.Helper()
	attributes := func(ours []scene.Attribute, theirs map[string]*scene.Array) {
		if len(ours) != len(theirs) {
			t.Errorf("got %d attributes, want %d", len(ours), len(theirs))
		}
		for _, a := range ours {
			if b := theirs[a.Name]; b == nil || !bytes.Equal(a.AsFloats().Data, b.AsFloats().Data) {
				t.Errorf("%s differs", a.Name)
			}
		}
	}
	k := 0
	for _, m := range s.Meshes {
		for _, p := range m.Primitives {
			if k >= len(f.Primitives) {
				t.Fatalf("got more than %d primitives", len(f.Primitives))
			}
			peer := &f.Primitives[k]
			k++
			var order []uint32
			if peer.Indices != nil {
				for i := range peer.Indices.Len() {
					order = append(order, uint32(peer.Indices.At(i, 0)))
				}
			}
			if p.Mode != peer.Mode || !slices.Equal(p.Indices, order) {
				t.Errorf("primitive %d: got %d indices in mode %d, want %d in %d", k-1, len(p.Indices), p.Mode, len(order), peer.Mode)
			}
			attributes(p.Attributes, peer.Attributes)
			for i := range p.Targets {
				attributes(p.Targets[i], peer.Targets[i])
			}
		}
	}
	if k != len(f.Primitives) {
		t.Errorf("got %d primitives, want %d", k, len(f.Primitives))
	}
	k = 0
	for _, a := range s.Animations {
		for _, track := range a.Samplers {
			for _, ours := range []*scene.Array{track.Input, track.Output} {
				if k >= len(f.Tracks) || !near(ours, f.Tracks[k]) {
					t.Errorf("track %d differs", k)
				}
				k++
			}
		}
	}
}

// near allows one unit in the last place of shorts, as the quaternion filter does.
func near(a, b *scene.Array) bool {
	x, y := a.AsFloats(), b.AsFloats()
	if a.Kind != scene.Int16 || x.Len() != y.Len() || x.Width != y.Width {
		return bytes.Equal(x.Data, y.Data)
	}
	for i := range x.Len() {
		for k := range x.Width {
			if d := x.At(i, k) - y.At(i, k); d > 1.01/32767 || d < -1.01/32767 {
				return false
			}
		}
	}
	return true
}

// TestPeersFiles packs models in every way others have and reads each file as they do,
// bit for bit; and it lets them read ours.
func TestPeersFiles(t *testing.T) {
	for _, f := range models(t) {
		name := filepath.Base(f)
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), name)
			peers(t, "pack", f, out)
			source, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			s := decode(t, source)
			for name, data := range map[string][]byte{"plain": encode(t, s), "packed": encodePacked(t, s)} {
				if err := os.WriteFile(out+".our-"+name+".glb", data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			files, err := filepath.Glob(out + ".*.glb")
			if err != nil {
				t.Fatal(err)
			}
			plain := map[string][]string{}
			for i, peer := range peersRead(t, files...) {
				how := files[i][len(out)+1:]
				t.Run(how, func(t *testing.T) {
					data, err := os.ReadFile(files[i])
					if err != nil {
						t.Fatal(err)
					}
					peer.equal(t, decode(t, data))
				})
				plain[how] = peer.Errors
			}
			for _, code := range plain["our-packed.glb"] {
				if !slices.Contains(plain["our-plain.glb"], code) {
					t.Errorf("packed, the validator finds %s", code)
				}
			}
		})
	}
}
