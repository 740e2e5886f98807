package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/plinth3d/plinth/pipeline/asset"
)

const samples = "../../testdata/models/"

// plinth runs the program in this process.
func plinth(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

func TestConvertWritesAFolder(t *testing.T) {
	dir := t.TempDir()
	code, out, errs := plinth(t, "convert", samples+"fern.glb", samples+"flag.glb", "-o", dir)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if !strings.Contains(out, "fern") || !strings.Contains(out, "GPU MB") {
		t.Errorf("the table is\n%s", out)
	}
	for _, id := range []string{"fern", "flag"} {
		text, err := os.ReadFile(filepath.Join(dir, id, "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		var m asset.Manifest
		if err := json.Unmarshal(text, &m); err != nil || len(m.Levels) != 4 {
			t.Fatalf("%s: %d levels, %v", id, len(m.Levels), err)
		}
		for _, l := range m.Levels {
			r := l.Renditions[0]
			data, err := os.ReadFile(filepath.Join(dir, id, r.Key))
			if err != nil || asset.Hash(data) != r.SHA256 || int64(len(data)) != r.Bytes {
				t.Errorf("%s level %d: the file is not what the manifest says (%v)", id, l.Level, err)
			}
			if l.Pixels > 1 && l.RelaxedBy == "" || r.Bytes > m.Source.Bytes {
				t.Errorf("%s level %d: %g pixels, %d bytes of %d", id, l.Level, l.Pixels, r.Bytes, m.Source.Bytes)
			}
		}
	}
	// Again, over what is there; and with other numbers of processors.
	first := tree(t, dir)
	for _, n := range []int{1, 2} {
		old := runtime.GOMAXPROCS(n)
		code, _, errs := plinth(t, "convert", samples+"fern.glb", samples+"flag.glb", "-o", dir)
		runtime.GOMAXPROCS(old)
		if code != exitOK {
			t.Fatalf("exit %d: %s", code, errs)
		}
		if tree(t, dir) != first {
			t.Errorf("with %d processors the files differ", n)
		}
	}
}

// tree is all files under a folder with their hashes.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		b.WriteString(strings.TrimPrefix(path, dir) + " " + asset.Hash(data) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestBadInputLeavesNothing(t *testing.T) {
	good, err := os.ReadFile(samples + "fern.glb")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"cut":    {good[:len(good)/2], "upload it again"},
		"empty":  {nil, "is empty"},
		"text":   {[]byte("hello"), "is not glTF"},
		"broken": {bytes.Replace(good, []byte(`:5126`), []byte(`:5124`), 1), "accessors["},
		"image":  {bytes.Replace(good, []byte("IHDR"), []byte("IHDX"), 1), "images[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "bad.glb"), filepath.Join(dir, "out")
			if err := os.WriteFile(in, c.data, 0o644); err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := plinth(t, "convert", in, "-o", out)
			if code != exitInput || !strings.Contains(stderr, c.says) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d: %q", code, stderr)
			}
			if stdout != "" {
				t.Errorf("stdout is %q", stdout)
			}
			if left, _ := os.ReadDir(out); len(left) != 0 {
				t.Errorf("%v is left", left)
			}
		})
	}
}

func TestAGoodFileBesideABadOneIsConverted(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.glb")
	if err := os.WriteFile(bad, []byte("glTF"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, _ := plinth(t, "convert", bad, samples+"lamp.glb", "-o", filepath.Join(dir, "out"), "--json", "--unit", "cm")
	var m asset.Manifest
	if err := json.Unmarshal([]byte(out), &m); code != exitInput || err != nil || m.Model != "lamp" {
		t.Errorf("exit %d, %v: %s", code, err, out)
	}
	if m.Source.Size[1] < 0.4 || m.Source.Size[1] > 0.5 || m.Source.Unit != "cm" {
		t.Errorf("a lamp in centimeters is %v m, unit %s", m.Source.Size, m.Source.Unit)
	}
}

func TestExitCodes(t *testing.T) {
	busy := t.TempDir()
	catalog(t, busy)
	if err := os.WriteFile(filepath.Join(busy, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		want int
	}{
		{"version", exitOK},
		{"version --json", exitOK},
		{"config", exitOK},
		{"config --recipe", exitOK},
		{"completion bash", exitOK},
		{"--help", exitOK},
		{"fly", exitUsage},
		{"convert", exitUsage},
		{"convert " + samples + "fern.glb", exitUsage},
		{"convert --no-such", exitUsage},
		{"convert a/x.glb b/x.glb -o out", exitUsage},
		{"convert nowhere.glb -o " + busy + "/o", exitInput},
		{"convert " + samples + " -o " + busy + "/o", exitInput},
		{"convert " + samples + "fern.glb --unit parsec -o " + busy + "/o", exitInput},
		{"convert " + samples + "rack.glb -o " + busy + "/file/x", exitUnavailable},
		{"inspect nowhere.glb", exitInput},
		{"inspect " + samples + "fern.glb", exitOK},
		{"jobs --state lost --data " + busy + "/d", exitUsage},
		{"jobs --data " + busy, exitOK},
		{"jobs --data " + busy + "/d", exitInput},
		{"serve --listen nonsense --data " + busy + "/d", exitUnavailable},
		{"serve --queue ftp://x --data " + busy + "/d", exitUsage},
	} {
		if code, _, stderr := plinth(t, strings.Fields(c.args)...); code != c.want {
			t.Errorf("%s: exit %d, want %d: %s", c.args, code, c.want, stderr)
		}
	}
}

func TestTheEnvironmentSetsFlags(t *testing.T) {
	t.Setenv("PLINTH_UNIT", "cm")
	_, out, _ := plinth(t, "inspect", "--json", samples+"lamp.glb")
	if !strings.Contains(out, `"unit":"cm"`) {
		t.Errorf("got %s", out)
	}
	_, out, _ = plinth(t, "inspect", "--json", "--unit", "mm", samples+"lamp.glb")
	if !strings.Contains(out, `"unit":"mm"`) {
		t.Errorf("the flag doesn't count more: %s", out)
	}
	t.Setenv("PLINTH_JSON", "maybe")
	if code, _, stderr := plinth(t, "inspect", samples+"lamp.glb"); code != exitUsage || !strings.Contains(stderr, "PLINTH_JSON") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func TestConvertDoesNotReplaceAForeignFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "rack"), 0o755); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(dir, "rack", "diary.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := plinth(t, "convert", samples+"rack.glb", "-o", dir); code != exitInput {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
}

func TestEngineersCommands(t *testing.T) {
	dir := t.TempDir()
	src := samples + "fern.glb"
	half, levels, web := filepath.Join(dir, "half.glb"), filepath.Join(dir, "levels"), filepath.Join(dir, "web.glb")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"simplify", src, "-o", half, "--ratio", "0.5"}, 0, "TRIANGLES"},
		{[]string{"simplify", src, "-o", levels, "--ratio", "0.5,0.25", "--json"}, 0, `"ratio":0.25`},
		{[]string{"simplify", src, "-o", half, "--deviation", "0.001"}, 0, "half.glb"},
		{[]string{"pack", src, "-o", web, "--form", "web"}, 0, "web.glb"},
		{[]string{"pack", web, "-o", half}, 0, "half.glb"},
		{[]string{"diff", src, web}, 0, "root mean square"},
		{[]string{"diff", src, half, "--json"}, 0, `"rms":`},
		{[]string{"simplify", src, "-o", half}, 2, "needs --ratio or --deviation"},
		{[]string{"simplify", src, "-o", half, "--ratio", "1.5"}, 2, "--ratio 1.5 is not above 0 and at most 1"},
		{[]string{"simplify", src, "-o", half, "--ratio", "0.2,0.5"}, 2, "ratios must fall"},
		{[]string{"simplify", src, "-o", half, "--deviation", "-1"}, 2, "no length"},
		{[]string{"pack", src, "--form", "web"}, 2, "-o OUT"},
		{[]string{"pack", src, "-o", half, "--form", "obj"}, 1, "form \"obj\" is none of universal, web"},
		{[]string{"diff", src}, 2, "two files"},
		{[]string{"diff", src, filepath.Join(dir, "nothing.glb")}, 1, "nothing.glb"},
	} {
		if code, out, talk := plinth(t, c.args...); code != c.code || !strings.Contains(out+talk, c.says) {
			t.Errorf("%v: exit %d, want %d with %q: %s%s", c.args, code, c.code, c.says, out, talk)
		}
	}
	for _, f := range []string{"fern.0.5.glb", "fern.0.25.glb"} {
		if _, err := os.Stat(filepath.Join(levels, f)); err != nil {
			t.Error(err)
		}
	}
}

// The environment sets flags by name: one name must not mean a time here and a number there.
func TestAFlagIsOfOneTypeInAllCommands(t *testing.T) {
	types, first := map[string]string{}, map[string]string{}
	for cmd := range below(newRoot(console{io.Discard, io.Discard})) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			kind := strings.TrimSuffix(f.Value.Type(), "Slice") // one is a list, too
			switch {
			case !isSetting(f):
			case types[f.Name] == "":
				types[f.Name], first[f.Name] = kind, cmd.CommandPath()
			case types[f.Name] != kind:
				t.Errorf("--%s is of type %s in %s, %s in %s", f.Name, types[f.Name], first[f.Name], kind, cmd.CommandPath())
			}
		})
	}
	if types["limit"] != "duration" {
		t.Errorf("--limit is of type %q", types["limit"])
	}
	t.Setenv("PLINTH_RECIPE", "recipe.json")
	out, _ := done(t, exitOK, "config", "--json")
	for _, s := range lines[setting](t, out) {
		if s.Command == "config" && s.Flag == "--recipe" {
			t.Errorf("a flag that is no setting is listed as one: %+v", s)
		}
	}
}
