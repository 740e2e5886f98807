package origin

import (
	"net/http"
	"slices"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Rules is the table that DeviceOf and the function at the edge both decide by.
// The names of header fields are spelled as their specifications spell them; Spell
// makes another spelling of them all.
type Rules struct {
	Heights []int    `json:"heights"` // of the classes, device pixels, finest first
	Default int      `json:"default"` // height of a device that tells nothing
	Forms   []string `json:"forms"`   // that may be asked for; the first is the default

	Class    string   `json:"class"`    // field with a class's key
	Viewport string   `json:"viewport"` // field with the viewport's height, CSS pixels
	Ratio    []string `json:"ratio"`    // fields with device pixels per CSS pixel, the first readable counts
	Viewers  []Viewer `json:"viewers"`  // CloudFront's kinds of devices, the first that is "true" counts

	SaveData string   `json:"saveData"` // field that is "on", in any case, where bytes are to be saved
	Network  string   `json:"network"`  // field with the effective connection type
	Slow     []string `json:"slow"`     // types that are lite
	Memory   []string `json:"memory"`   // fields with GiB of memory, the first readable counts
	Small    float64  `json:"small"`    // GiB; with this much or less a device is lite
}

// A Viewer is a header field of CloudFront that names a kind of device, and the height
// assumed of that kind.
type Viewer struct {
	Field  string `json:"field"`
	Height int    `json:"height"` // device pixels
}

// Patterns of values, for Go and JavaScript alike. What they match has no exponent and
// few digits, so that both languages read the same float64.
const (
	WholePattern  = `^[0-9]{1,6}$`
	NumberPattern = `^[0-9]{1,6}(\.[0-9]{1,4})?$`
)

// DeviceRules returns the table.
//
// What CloudFront knows of a device is only its kind. Tablets stand before mobiles, as
// it calls most tablets both. A desktop gets 1728 and not 2592: its density is unknown,
// most have fewer than 1728 device pixels to show a product in, and level 0 may cost
// twice the bytes and memory; one that has more says so by ?h= or by client hints. A
// television fills a large screen of 2160 lines, so it gets 2592.
func DeviceRules() Rules {
	return Rules{
		Heights: []int{2592, 1728, 1152, 640},
		Default: 1152,
		Forms:   []string{asset.Universal, asset.Web, formGPU, asset.Progressive, formUSDZ, formPoster},

		Class:    "Plinth-Class",
		Viewport: "Sec-CH-Viewport-Height",
		Ratio:    []string{"Sec-CH-DPR", "DPR"},
		Viewers: []Viewer{
			{"CloudFront-Is-Tablet-Viewer", 1728},
			{"CloudFront-Is-Mobile-Viewer", 1152},
			{"CloudFront-Is-SmartTV-Viewer", 2592},
			{"CloudFront-Is-Desktop-Viewer", 1728},
		},

		SaveData: "Save-Data",
		Network:  "ECT",
		Slow:     []string{"slow-2g", "2g"},
		Memory:   []string{"Sec-CH-Device-Memory", "Device-Memory"},
		Small:    2,
	}
}

// Spell returns the table with all names of header fields put through spell:
// http.Header has its keys in one case, CloudFront's events in another.
func (r Rules) Spell(spell func(string) string) Rules {
	all := func(names []string) []string {
		names = slices.Clone(names)
		for i, name := range names {
			names[i] = spell(name)
		}
		return names
	}
	r.Class, r.Viewport, r.SaveData, r.Network = spell(r.Class), spell(r.Viewport), spell(r.SaveData), spell(r.Network)
	r.Ratio, r.Memory = all(r.Ratio), all(r.Memory)
	r.Viewers = slices.Clone(r.Viewers)
	for i := range r.Viewers {
		r.Viewers[i].Field = spell(r.Viewers[i].Field)
	}
	return r
}

// RequestHeaders returns the names of all header fields that DeviceOf reads. A cache in
// front of the origin that doesn't run the function at the edge must tell answers
// apart by them (Vary); one that does, by Plinth-Class alone.
func RequestHeaders() []string {
	r := DeviceRules()
	names := append([]string{r.Class, r.Viewport}, r.Ratio...)
	for _, v := range r.Viewers {
		names = append(names, v.Field)
	}
	return append(append(names, r.SaveData, r.Network), r.Memory...)
}

// Names of query parameters.
const (
	heightParameter = "h"
	formParameter   = "form"
	liteParameter   = "lite"
)

// rules is the table as http.Header spells names, so that a look-up allocates nothing.
var rules = DeviceRules().Spell(http.CanonicalHeaderKey)
