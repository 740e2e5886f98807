package origin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// ladder is a manifest of four levels, each right to within 0.8 pixels at its height. A
// rendition's key is "level/form"; its size falls from 1 MB by half per level.
func ladder(forms ...string) asset.Manifest {
	var m asset.Manifest
	for i, h := range []int{2592, 1728, 1152, 640} {
		l := asset.Level{Level: i, Height: h, Pixels: 0.8}
		for _, f := range forms {
			l.Renditions = append(l.Renditions, asset.Rendition{Form: f, Key: fmt.Sprintf("%d/%s", i, f), Bytes: 1 << 20 >> i})
		}
		m.Levels = append(m.Levels, l)
	}
	return m
}

func TestPickByHeight(t *testing.T) {
	m := ladder(asset.Universal)
	for query, want := range map[string]string{
		"": "2", "h=1152": "2", "h=1153": "1", "h=640": "3", "h=1": "3", "h=641": "2", "h=2592": "0", "h=9999": "0",
		"h=-5": "2", "h=x": "2", "h=99999999999999999999": "2",
	} {
		r, why, ok := Pick(m, DeviceOf(nil, query))
		if !ok || r.Key != want+"/universal" || fmt.Sprint(why.Level) != want {
			t.Errorf("%s: got %s, want level %s (%s)", query, r.Key, want, why)
		}
	}
}

// without takes the renditions of some levels away.
func without(m asset.Manifest, levels ...int) asset.Manifest {
	for _, i := range levels {
		m.Levels[i].Renditions = nil
	}
	return m
}

// heavy makes the renditions of some levels larger than a lite device is given.
func heavy(m asset.Manifest, levels ...int) asset.Manifest {
	for _, i := range levels {
		for j := range m.Levels[i].Renditions {
			m.Levels[i].Renditions[j].Bytes = 3<<20/2 + 1
		}
	}
	return m
}

// off sets the error of each level, in pixels at its height.
func off(m asset.Manifest, pixels ...float64) asset.Manifest {
	for i := range m.Levels {
		m.Levels[i].Pixels = pixels[i]
	}
	return m
}

func TestPick(t *testing.T) {
	both := []string{asset.Universal, asset.Web}
	for _, c := range []struct {
		name  string
		m     asset.Manifest
		query string
		want  string // key and reason
	}{
		{"a form that is there", ladder(both...), "h=1152&form=web", "2/web: h=1152 level=2 px=0.80 cap=- form=web from=query"},
		{"a form that isn't gives the universal one", ladder("gpu", asset.Universal), "form=web", "2/universal: h=1152 level=2 px=0.80 cap=- form=universal from=default"},
		{"without a universal one, any other", ladder("poster", "usdz", "gpu"), "form=web", "2/gpu: h=1152 level=2 px=0.80 cap=- form=gpu from=default"},
		{"a poster where it was asked for", ladder(asset.Universal, "poster"), "form=poster", "2/poster: h=1152 level=2 px=0.80 cap=- form=poster from=default"},
		{"a poster never where it wasn't", ladder("poster", "usdz"), "", ""},
		{"a level without files gives the next coarser", without(ladder(both...), 2), "", "3/universal: h=1152 level=3 px=1.44 cap=- form=universal from=default"},
		{"and then the nearest finer", without(ladder(both...), 2, 3), "", "1/universal: h=1152 level=1 px=0.53 cap=- form=universal from=default"},
		{"no files at all", without(ladder(both...), 0, 1, 2, 3), "", ""},
		{"no levels at all", asset.Manifest{}, "", ""},
		{"above all levels is the finest", asset.Manifest{Levels: ladder(both...).Levels[2:]}, "h=2592", "2/universal: h=2592 level=2 px=1.80 cap=- form=universal from=query"},

		{"lite takes the coarsest within two pixels", ladder(both...), "lite=1&h=1152", "3/universal: h=1152 level=3 px=1.44 cap=- form=universal from=query lite"},
		{"two pixels are within", off(ladder(both...), 1, 1, 2, 2), "lite=1", "2/universal: h=1152 level=2 px=2.00 cap=- form=universal from=default lite"},
		{"above two pixels it is a finer one", off(ladder(both...), 0, 0, 2.01, 2), "lite=1&h=1152", "1/universal: h=1152 level=1 px=0.00 cap=- form=universal from=query lite"},
		{"a heavy one gives the next coarser that isn't", off(heavy(ladder(both...), 0, 1, 2), 1, 5, 5, 5), "lite=1&h=2592", "3/universal: h=2592 level=3 px=20.25 cap=- form=universal from=query lite"},
		{"where all are heavy, the coarsest", off(heavy(ladder(both...), 0, 1, 2, 3), 0, 9, 9, 9), "lite=1", "3/universal: h=1152 level=3 px=16.20 cap=- form=universal from=default lite"},
		{"heavy or not does not matter to others", heavy(ladder(both...), 2), "", "2/universal: h=1152 level=2 px=0.80 cap=- form=universal from=default"},
		{"a lite level without files gives a finer one", without(ladder(both...), 3), "lite=1", "2/universal: h=1152 level=2 px=0.80 cap=- form=universal from=default lite"},
	} {
		got := ""
		if r, why, ok := Pick(c.m, DeviceOf(nil, c.query)); ok {
			got = r.Key + ": " + why.String()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReasonNamesTheCap(t *testing.T) {
	m := ladder(asset.Universal)
	m.Levels[2].RelaxedBy, m.Levels[2].Pixels = "gpuBytes", 1.999
	_, why, _ := Pick(m, DeviceOf(nil, "h=1000"))
	if want := "h=1152 level=2 px=2.00 cap=gpuBytes form=universal from=query"; why.String() != want {
		t.Errorf("got %s, want %s", why, want)
	}
}

func TestALiteDeviceIsSparedAHeavyProgressiveFile(t *testing.T) {
	m := ladder(asset.Progressive, asset.Universal)
	for i := range m.Levels {
		m.Levels[i].Renditions[0].Bytes = liteBytes + 1
	}
	if r, _, _ := Pick(m, DeviceOf(nil, "form=progressive&lite=1")); r.Form != asset.Universal {
		t.Errorf("got %s", r.Key)
	}
	if r, _, _ := Pick(m, DeviceOf(nil, "form=progressive")); r.Form != asset.Progressive {
		t.Errorf("a full device: got %s", r.Key)
	}
	m.Levels[0].Renditions[0].Bytes = liteBytes
	if r, _, _ := Pick(m, DeviceOf(nil, "form=progressive&lite=1&h=2592")); r.Form == asset.Progressive && r.Bytes > liteBytes {
		t.Errorf("one that is light: got %s", r.Key)
	}
}

func TestRank(t *testing.T) {
	for _, c := range []struct {
		name, query, want string
	}{
		{
			"coarser ones, then finer ones; forms that need another decoder at last", "form=web",
			"2/web 2/universal 3/web 3/universal 1/web 1/universal 0/web 0/universal 2/gpu 3/gpu 1/gpu 0/gpu",
		},
		{
			"a poster only where it was asked for", "form=poster&h=2592",
			"0/poster 0/universal 1/poster 1/universal 2/poster 2/universal 3/poster 3/universal 0/gpu 0/web 1/gpu 1/web 2/gpu 2/web 3/gpu 3/web",
		},
		{
			"lite: light ones, heavy ones, finer ones", "lite=1&h=2592",
			"3/universal 2/universal 1/universal 0/universal 3/gpu 3/web 2/gpu 2/web 1/gpu 1/web 0/gpu 0/web",
		},
	} {
		m := heavy(ladder("poster", "usdz", "gpu", asset.Web, asset.Universal), 2)
		d := DeviceOf(nil, c.query)
		var keys []string
		for _, choice := range Rank(m, d) {
			keys = append(keys, choice.Rendition.Key)
			if choice.Reason.Form != choice.Rendition.Form || choice.Reason.Class != d.Class {
				t.Errorf("%s: %s because of %s", c.name, choice.Rendition.Key, choice.Reason)
			}
		}
		if got := strings.Join(keys, " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if first, _, _ := Pick(m, d); first.Key != keys[0] {
			t.Errorf("%s: picked %s, not the first", c.name, first.Key)
		}
	}
}
