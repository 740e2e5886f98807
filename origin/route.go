package origin

import (
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// kind is what a path names. It is a label of metrics.
type kind int

const (
	kindNone      kind = iota // nothing that is here
	kindRendition             // /o/{merchant}/{hash}/{name}.glb: one file, forever
	kindProduct               // /p/{merchant}/{model}.glb: the level for this device
	kindManifest              // /p/{merchant}/{model}.json
)

var kinds = [...]string{"none", "rendition", "product", "manifest"}

func (k kind) String() string { return kinds[k] }

// A route is a path that was understood.
type route struct {
	kind     kind
	merchant string
	hash     string // of a rendition
	model    string // the name in front of the dot
	media    string // type
}

// types are those of files that renditions may be, by the end of their name.
var types = map[string]string{
	"glb": "model/gltf-binary", "usdz": "model/vnd.usdz+zip", "ktx2": "image/ktx2",
	"webp": "image/webp", "jpg": "image/jpeg", "png": "image/png", "avif": "image/avif",
}

// routeOf reads a path, which must be written as Plinth writes it: lower case, nothing
// escaped, no empty or dotted part. Anything else names nothing.
func routeOf(path, raw string) route {
	if raw != "" || len(path) < 3 || path[0] != '/' || path[2] != '/' {
		return route{}
	}
	rest := path[3:]
	switch path[1] {
	case 'o':
		merchant, rest, _ := strings.Cut(rest, "/")
		hash, name, _ := strings.Cut(rest, "/")
		stem, media := typeOf(name)
		if media == "" || !asset.IsHash(hash) || !isID(merchant) || !isID(stem) {
			return route{}
		}
		return route{kindRendition, merchant, hash, stem, media}
	case 'p':
		merchant, name, _ := strings.Cut(rest, "/")
		if !isID(merchant) {
			return route{}
		}
		if model, ok := strings.CutSuffix(name, ".json"); ok && isID(model) {
			return route{kindManifest, merchant, "", model, "application/json"}
		}
		if model, ok := strings.CutSuffix(name, ".glb"); ok && isID(model) {
			return route{kindProduct, merchant, "", model, types["glb"]}
		}
	}
	return route{}
}

func isID(s string) bool { return asset.CheckID(s) == nil }

// typeOf splits the ending off a name; the type is "" where it is none that is served.
func typeOf(name string) (stem, media string) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", ""
	}
	return name[:i], types[name[i+1:]]
}
