package origin

import (
	"strings"
	"testing"
)

func TestPathsAreReadStrictly(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	for path, want := range map[string]route{
		"/o/acme/" + hash + "/chair.glb":     {kindRendition, "acme", hash, "chair", "model/gltf-binary"},
		"/o/acme/" + hash + "/chair.usdz":    {kindRendition, "acme", hash, "chair", "model/vnd.usdz+zip"},
		"/o/acme/" + hash + "/chair.v2.ktx2": {kindRendition, "acme", hash, "chair.v2", "image/ktx2"},
		"/p/acme/chair.glb":                  {kindProduct, "acme", "", "chair", "model/gltf-binary"},
		"/p/acme/chair.json":                 {kindManifest, "acme", "", "chair", "application/json"},
		"/p/a/b.json.glb":                    {kindProduct, "a", "", "b.json", "model/gltf-binary"},
	} {
		if got := routeOf(path, ""); got != want {
			t.Errorf("%s: got %+v", path, got)
		}
	}
	for _, path := range []string{
		"", "/", "/o", "/p/", "/p//chair.glb", "/p/acme", "/p/acme/", "/p/acme/chair", "/p/acme/.glb", "/p/acme/chair.glb/",
		"/p/acme/a/chair.glb", "/p/acme/../chair.glb", "/p/./chair.glb", "//p/acme/chair.glb", "/P/acme/chair.glb",
		"/p/ACME/chair.glb", "/p/acme/Chair.glb", "/p/acme/chair.GLB", "/p/acme/chair.exe", "/p/acme/chair.glb\x00",
		"/p/acme/ch air.glb", "/p/acme/ch%61ir.glb", "/p/acme/chair..glb", "/p/-acme/chair.glb", "/q/acme/chair.glb",
		"/o/acme/" + hash, "/o/acme/" + hash + "/", "/o/acme/" + hash[1:] + "/chair.glb", "/o/acme/" + strings.ToUpper(hash) + "/chair.glb",
		"/o/acme/" + hash + "/chair.json", "/o/acme/" + hash + "/../x/chair.glb", "/o//" + hash + "/chair.glb",
		"/p/" + strings.Repeat("a", 129) + "/chair.glb", "/p/acme\\chair.glb",
	} {
		if got := routeOf(path, ""); got.kind != kindNone {
			t.Errorf("%q: got %+v, want none", path, got)
		}
	}
	if got := routeOf("/p/acme/chair.glb", "/p/acme/ch%61ir.glb"); got.kind != kindNone {
		t.Errorf("escaped: got %+v, want none", got)
	}
}

func FuzzRoute(f *testing.F) {
	f.Add("/p/acme/chair.glb")
	f.Add("/o/a/" + strings.Repeat("0", 64) + "/b.webp")
	f.Fuzz(func(t *testing.T, path string) {
		at := routeOf(path, "")
		switch at.kind {
		case kindRendition:
			if !strings.HasPrefix(path, "/o/"+at.merchant+"/"+at.hash+"/"+at.model+".") || at.media == "" {
				t.Errorf("%q: %+v", path, at)
			}
		case kindProduct, kindManifest:
			if !strings.HasPrefix(path, "/p/"+at.merchant+"/"+at.model+".") {
				t.Errorf("%q: %+v", path, at)
			}
		}
		if at.kind != kindNone && (strings.Contains(path, "..") || strings.Contains(path, "//")) {
			t.Errorf("%q names %+v", path, at)
		}
	})
}
