package origin

import (
	"fmt"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func TestPick(t *testing.T) {
	var m asset.Manifest
	for i, h := range []int{2592, 1728, 1152, 640} {
		m.Levels = append(m.Levels, asset.Level{Level: i, Height: h, Renditions: []asset.Rendition{{Form: asset.Universal, Key: fmt.Sprint(i)}}})
	}
	for query, want := range map[string]string{
		"": "2", "1152": "2", "1153": "1", "640": "3", "1": "3", "641": "2", "2592": "0", "9999": "0", "-5": "2", "x": "2", "99999999999999999999": "2",
	} {
		r, why, ok := Pick(m, deviceOf(query, ""))
		if !ok || r.Key != want || fmt.Sprint(why.Level) != want {
			t.Errorf("h=%q: got level %s, want %s (%s)", query, r.Key, want, why)
		}
	}
	if r, _, ok := Pick(m, deviceOf("640", "web")); !ok || r.Form != asset.Universal {
		t.Errorf("a form that isn't there: got %q, %v", r.Form, ok)
	}
	if _, _, ok := Pick(asset.Manifest{}, deviceOf("", "")); ok {
		t.Error("an empty manifest has a rendition")
	}
}
