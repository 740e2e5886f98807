package origin

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// headers makes a header of "Name: value" lines.
func headers(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return h
}

func TestDeviceOfHeights(t *testing.T) {
	const viewport, ratio = "Sec-CH-Viewport-Height: 800", "Sec-CH-DPR: 2"
	const tablet, mobile = "CloudFront-Is-Tablet-Viewer: true", "CloudFront-Is-Mobile-Viewer: true"
	const tv, desktop = "CloudFront-Is-SmartTV-Viewer: true", "CloudFront-Is-Desktop-Viewer: true"
	for _, c := range []struct {
		name   string
		query  string
		header http.Header
		want   int
		from   Source
	}{
		{"nothing is a phone", "", nil, 1152, FromDefault},
		{"the least height", "h=1", nil, 640, FromQuery},
		{"a class's own height", "h=640", nil, 640, FromQuery},
		{"a pixel more is the next class", "h=641", nil, 1152, FromQuery},
		{"a phone's own", "h=1152", nil, 1152, FromQuery},
		{"above a phone's", "h=1153", nil, 1728, FromQuery},
		{"a laptop's own", "h=1728", nil, 1728, FromQuery},
		{"above a laptop's", "h=1729", nil, 2592, FromQuery},
		{"above all", "h=999999", nil, 2592, FromQuery},
		{"leading zeros", "h=000300", nil, 640, FromQuery},
		{"zero is nothing", "h=0", nil, 1152, FromDefault},
		{"zeros are nothing", "h=000000", nil, 1152, FromDefault},
		{"seven digits are nothing", "h=1000000", nil, 1152, FromDefault},
		{"a fraction is nothing", "h=300.5", nil, 1152, FromDefault},
		{"a sign is nothing", "h=-300", nil, 1152, FromDefault},
		{"a space is nothing", "h=+300", nil, 1152, FromDefault},
		{"an exponent is nothing", "h=3e2", nil, 1152, FromDefault},
		{"an escape is nothing", "h=30%30", nil, 1152, FromDefault},
		{"a line's end is nothing", "h=300\n", nil, 1152, FromDefault},
		{"digits of other scripts are nothing", "h=٣٠٠", nil, 1152, FromDefault},
		{"no value", "h", nil, 1152, FromDefault},
		{"an empty value", "h=", nil, 1152, FromDefault},
		{"two signs of equality", "h==300", nil, 1152, FromDefault},
		{"another letter", "H=300", nil, 1152, FromDefault},
		{"an escaped name", "%68=300", nil, 1152, FromDefault},
		{"a name that begins so", "height=300", nil, 1152, FromDefault},
		{"the first of two", "h=300&h=2000", nil, 640, FromQuery},
		{"the first of two, though it can't be read", "h&h=2000", nil, 1152, FromDefault},
		{"among others", "a=1&&form=web&h=2000&b", nil, 2592, FromQuery},
		{"semicolons separate nothing", "a=1;h=300", nil, 1152, FromDefault},

		{"hints", "", headers(viewport, ratio), 1728, FromHint},
		{"hints with the older ratio", "", headers(viewport, "DPR: 1"), 1152, FromHint},
		{"the newer ratio counts", "", headers(viewport, ratio, "DPR: 1"), 1728, FromHint},
		{"the older where the newer can't be read", "", headers(viewport, "Sec-CH-DPR: two", "DPR: 1"), 1152, FromHint},
		{"fractions", "", headers("Sec-CH-Viewport-Height: 438.8571", "Sec-CH-DPR: 2.625"), 1152, FromHint},
		{"part of a pixel above a class", "", headers("Sec-CH-Viewport-Height: 640.0001", "Sec-CH-DPR: 1"), 1152, FromHint},
		{"a height alone is nothing", "", headers(viewport), 1152, FromDefault},
		{"a ratio alone is nothing", "", headers(ratio), 1152, FromDefault},
		{"less than a pixel is nothing", "", headers("Sec-CH-Viewport-Height: 0.9", "Sec-CH-DPR: 1"), 1152, FromDefault},
		{"one pixel", "", headers("Sec-CH-Viewport-Height: 0.5", "Sec-CH-DPR: 2"), 640, FromHint},
		{"five decimals are nothing", "", headers(viewport, "Sec-CH-DPR: 1.00001"), 1152, FromDefault},
		{"a point alone is nothing", "", headers(viewport, "Sec-CH-DPR: 2."), 1152, FromDefault},
		{"no digit before the point is nothing", "", headers(viewport, "Sec-CH-DPR: .5"), 1152, FromDefault},
		{"not a number", "", headers(viewport, "Sec-CH-DPR: NaN"), 1152, FromDefault},
		{"a hint twice is nothing", "", headers(viewport, ratio, ratio), 1152, FromDefault},
		{"a hint joined is nothing", "", headers(viewport, "Sec-CH-DPR: 2, 2"), 1152, FromDefault},
		{"the query before hints", "h=300", headers(viewport, ratio), 640, FromQuery},

		{"a tablet", "", headers(tablet), 1728, FromCloudFront},
		{"a tablet is called mobile too", "", headers(mobile, tablet), 1728, FromCloudFront},
		{"a mobile", "", headers(mobile), 1152, FromCloudFront},
		{"a television", "", headers(tv, desktop), 2592, FromCloudFront},
		{"a desktop", "", headers(desktop), 1728, FromCloudFront},
		{"none of them", "", headers("CloudFront-Is-Mobile-Viewer: false"), 1152, FromDefault},
		{"only true is true", "", headers("CloudFront-Is-Desktop-Viewer: TRUE"), 1152, FromDefault},
		{"hints before CloudFront", "", headers(viewport, ratio, mobile), 1728, FromHint},

		{"a class before all", "h=2000", headers("Plinth-Class: 640", viewport, ratio, tablet), 640, FromClass},
		{"no class of ours", "h=300", headers("Plinth-Class: 641"), 640, FromQuery},
		{"a class in another case", "h=300", headers("Plinth-Class: 1152-LITE"), 640, FromQuery},
		{"a class twice", "h=300", headers("Plinth-Class: 1152", "Plinth-Class: 1152"), 640, FromQuery},
	} {
		if d := DeviceOf(c.header, c.query); d.Height != c.want || d.From != c.from || d.Lite || d.Form != "universal" && c.name != "among others" {
			t.Errorf("%s: got %+v, want %d from %s", c.name, d, c.want, c.from)
		}
	}
}

func TestDeviceOfLite(t *testing.T) {
	for _, c := range []struct {
		name, query string
		header      http.Header
		want        bool
	}{
		{"nothing is full", "", nil, false},
		{"asked for", "lite=1", nil, true},
		{"declined, whatever hints say", "lite=0", headers("Save-Data: on", "ECT: 2g"), false},
		{"any other value is nothing", "lite=yes", nil, false},
		{"any other value lets hints speak", "lite=", headers("Save-Data: on"), true},
		{"the first of two", "lite=0&lite=1", nil, false},
		{"save data", "", headers("Save-Data: on"), true},
		{"save data in another case", "", headers("Save-Data: ON"), true},
		{"save data off", "", headers("Save-Data: off"), false},
		{"save data twice is nothing", "", headers("Save-Data: on", "Save-Data: on"), false},
		{"a slow net", "", headers("ECT: slow-2g"), true},
		{"a less slow net", "", headers("ECT: 2g"), true},
		{"a fair net", "", headers("ECT: 3g"), false},
		{"little memory", "", headers("Sec-CH-Device-Memory: 2"), true},
		{"very little memory", "", headers("Device-Memory: 0.25"), true},
		{"enough memory", "", headers("Device-Memory: 4"), false},
		{"a little more than little", "", headers("Device-Memory: 2.0001"), false},
		{"the newer memory counts", "", headers("Sec-CH-Device-Memory: 8", "Device-Memory: 1"), false},
		{"memory that can't be read", "", headers("Device-Memory: -1"), false},
		{"a class decides", "lite=0", headers("Plinth-Class: 1728-lite"), true},
		{"a full class decides", "lite=1", headers("Plinth-Class: 1728", "Save-Data: on"), false},
	} {
		if d := DeviceOf(c.header, c.query); d.Lite != c.want {
			t.Errorf("%s: got %+v", c.name, d)
		}
	}
}

func TestDeviceOfForms(t *testing.T) {
	for query, want := range map[string]string{
		"": "universal", "form=web": "web", "form=gpu": "gpu", "form=progressive": "progressive", "form=usdz": "usdz",
		"form=poster": "poster", "form=universal": "universal", "form=WEB": "universal", "form=obj": "universal",
		"form=": "universal", "form=we%62": "universal", "form=gpu&form=web": "gpu", "form=x&form=web": "universal",
	} {
		if d := DeviceOf(nil, query); d.Form != want {
			t.Errorf("%q: got %s, want %s", query, d.Form, want)
		}
		if d := DeviceOf(headers("Plinth-Class: 640"), query); d.Form != want {
			t.Errorf("%q with a class: got %s, want %s", query, d.Form, want)
		}
	}
}

func TestClassesAreEightKeys(t *testing.T) {
	var keys []string
	for _, c := range Classes() {
		keys = append(keys, c.String())
		if d := DeviceOf(headers("Plinth-Class: "+c.String()), ""); d.Class != c || d.From != FromClass {
			t.Errorf("%s: got %+v", c, d)
		}
	}
	want := "2592 2592-lite 1728 1728-lite 1152 1152-lite 640 640-lite"
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Each listed field is taken out of a header that it matters in.
func TestEveryListedFieldMatters(t *testing.T) {
	alone := map[string]http.Header{
		"Plinth-Class":                 headers("Plinth-Class: 640"),
		"Sec-CH-Viewport-Height":       headers("Sec-CH-Viewport-Height: 300", "DPR: 1"),
		"Sec-CH-DPR":                   headers("Sec-CH-DPR: 1", "Sec-CH-Viewport-Height: 300"),
		"DPR":                          headers("DPR: 1", "Sec-CH-Viewport-Height: 300"),
		"CloudFront-Is-Tablet-Viewer":  headers("CloudFront-Is-Tablet-Viewer: true"),
		"CloudFront-Is-Mobile-Viewer":  headers("CloudFront-Is-Mobile-Viewer: true"),
		"CloudFront-Is-SmartTV-Viewer": headers("CloudFront-Is-SmartTV-Viewer: true"),
		"CloudFront-Is-Desktop-Viewer": headers("CloudFront-Is-Desktop-Viewer: true"),
		"Save-Data":                    headers("Save-Data: on"),
		"ECT":                          headers("ECT: 2g"),
		"Sec-CH-Device-Memory":         headers("Sec-CH-Device-Memory: 1"),
		"Device-Memory":                headers("Device-Memory: 1"),
	}
	names := RequestHeaders()
	if len(names) != len(alone) {
		t.Errorf("%d names are listed, want %d: %q", len(names), len(alone), names)
	}
	for _, name := range names {
		h := alone[name].Clone()
		with := DeviceOf(h, "")
		h.Del(name)
		if with == DeviceOf(h, "") {
			t.Errorf("%s changes nothing", name)
		}
	}
}

func TestDeviceOfAllocatesNothing(t *testing.T) {
	h := headers("Sec-CH-Viewport-Height: 438.8571", "Sec-CH-DPR: 2.625", "Save-Data: off", "User-Agent: x")
	for _, query := range []string{"", "h=900&form=web", "exp=1&sig=2&lite=1"} {
		if n := testing.AllocsPerRun(100, func() { DeviceOf(h, query) }); n != 0 {
			t.Errorf("%q: %g allocations", query, n)
		}
	}
}

func FuzzDeviceOf(f *testing.F) {
	f.Add("h=900&form=web&lite=1", "1152-lite", "800", "2.5", "on", "1")
	f.Fuzz(func(t *testing.T, query, class, viewport, ratio, save, memory string) {
		h := http.Header{"Plinth-Class": {class}, "Sec-Ch-Viewport-Height": {viewport}, "Dpr": {ratio}, "Save-Data": {save}, "Device-Memory": {memory}}
		d := DeviceOf(h, query)
		if !slices.Contains(Classes(), d.Class) || !slices.Contains(DeviceRules().Forms, d.Form) {
			t.Errorf("got %+v", d)
		}
		again := DeviceOf(http.Header{"Plinth-Class": {d.Class.String()}}, "form="+d.Form)
		if again.Class != d.Class || again.Form != d.Form {
			t.Errorf("%+v by its own key is %+v", d, again)
		}
	})
}

func BenchmarkDeviceOf(b *testing.B) {
	for name, c := range map[string]struct {
		query string
		lines []string
	}{
		"behind the edge": {"form=web", []string{"Plinth-Class: 1152"}},
		"query":           {"h=900&form=web", nil},
		"hints":           {"form=web", []string{"Sec-CH-Viewport-Height: 438.8571", "Sec-CH-DPR: 2.625", "Sec-CH-Device-Memory: 8"}},
		"nothing":         {"", nil},
	} {
		b.Run(name, func(b *testing.B) {
			h := headers(c.lines...)
			b.ReportAllocs()
			for b.Loop() {
				DeviceOf(h, c.query)
			}
		})
	}
}
