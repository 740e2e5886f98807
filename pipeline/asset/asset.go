// Package asset names the things that Plinth moves and the seams they move
// through: models, renditions and manifests; Store, Queue and Catalog. It
// imports only the standard library, so that an origin can read what a pipeline
// made without knowing how.
package asset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Merchant is the merchant of an installation without accounts.
const Merchant = "default"

// Forms that a rendition may have.
const (
	Universal   = "universal"   // for any viewer: no extension is required
	Web         = "web"         // KHR_mesh_quantization and EXT_meshopt_compression
	Progressive = "progressive" // all levels of the web form in one file, with MSFT_lod
)

// A Manifest lists the renditions of a model that are current. Its JSON names are
// a contract with users.
type Manifest struct {
	Schema    int       `json:"schema"` // 1
	Model     string    `json:"model"`
	Version   string    `json:"version,omitempty"`
	Published string    `json:"published,omitempty"` // RFC 3339, UTC
	Source    Source    `json:"source"`
	Recipe    RecipeRef `json:"recipe"`
	Findings  []Finding `json:"findings"`
	Levels    []Level   `json:"levels"` // finest first
}

// Source describes the file a merchant sent. Lengths are meters.
type Source struct {
	SHA256    string     `json:"sha256"`
	Bytes     int64      `json:"bytes"`
	Format    string     `json:"format"`
	Triangles int64      `json:"triangles"`
	GPUBytes  int64      `json:"gpuBytes"`
	Size      [3]float64 `json:"size"`
	Radius    float64    `json:"radius"`
	Unit      string     `json:"unit"` // what it was read as being drawn in
}

// RecipeRef names the recipe that made a manifest.
type RecipeRef struct {
	Name string `json:"name"`
	Hash string `json:"hash"`
}

// A Finding is one thing to tell the merchant about a model.
type Finding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"` // fatal, repaired or note
	Where    string `json:"where"`
	What     string `json:"what"`
	Do       string `json:"do"`
}

// A Level is what is right to within a pixel at a viewer's height.
type Level struct {
	Level      int         `json:"level"`
	Height     int         `json:"height"` // device pixels
	Triangles  int64       `json:"triangles"`
	Deviation  float64     `json:"deviation"` // meters, of the surface from the source's
	Texel      float64     `json:"texel"`     // meters, of the coarsest texture made smaller
	Pixels     float64     `json:"pixels"`    // the larger of the two at Height
	RelaxedBy  string      `json:"relaxedBy"` // the cap that allowed more than one pixel
	Difference *float64    `json:"difference"`
	Renditions []Rendition `json:"renditions"`
}

// A Rendition is a level in one form: a derived file, or, in the progressive form, a part of
// one that all levels are in.
type Rendition struct {
	Form     string    `json:"form"`
	Key      string    `json:"key"`
	SHA256   string    `json:"sha256"`
	Bytes    int64     `json:"bytes"` // of the file
	Range    *Span     `json:"range,omitempty"`
	GPUBytes int64     `json:"gpuBytes"` // of the level
	Type     string    `json:"type"`
	Textures []Texture `json:"textures"`
}

// A Span is the part of a progressive file that a level adds. The file has what comes
// before the coarsest level's, its head, then the levels, finer after coarser. Head and
// levels up to one are what it takes to show that: a level may use what coarser ones brought. One
// that adds nothing to a coarser one has that one's span.
type Span struct {
	Offset int64 `json:"offset"` // in the file
	Bytes  int64 `json:"bytes"`
}

// A Texture is an image in a rendition. PSNR, in dB, and for normals the angles say what
// coding lost, against the image that was scaled to this size; they are absent when
// it lost nothing. PSNR is of the worst channel in use where numbers are read, of all
// for colors and normals.
type Texture struct {
	Role         string  `json:"role"`
	SourceWidth  int     `json:"sourceWidth"`
	SourceHeight int     `json:"sourceHeight"`
	Width        int     `json:"width"`
	Height       int     `json:"height"`
	Codec        string  `json:"codec"` // jpeg, png, webp
	Bytes        int64   `json:"bytes"`
	GPUBytes     int64   `json:"gpuBytes"`
	PSNR         float64 `json:"psnr,omitempty"`
	Angle        float64 `json:"angle,omitempty"`     // degrees, 99th percentile
	MeanAngle    float64 `json:"meanAngle,omitempty"` // degrees
}

// Rendition returns the one of that form.
func (l *Level) Rendition(form string) (Rendition, bool) {
	i := slices.IndexFunc(l.Renditions, func(r Rendition) bool { return r.Form == form })
	if i < 0 {
		return Rendition{}, false
	}
	return l.Renditions[i], true
}

// Hash is the SHA-256 of data in hex.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// IsHash says whether s is a SHA-256 in hex, as Hash makes it.
func IsHash(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// isID says whether s may be an ID, which is part of URLs and keys.
func isID(s string) bool {
	if s == "" || len(s) > 128 || !alphanumeric(s[0]) || !alphanumeric(s[len(s)-1]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case alphanumeric(c), c == '_', c == '-':
		case c == '.' && s[i-1] != '.':
		default:
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// CheckID returns an error unless id may name a model or merchant.
func CheckID(id string) error {
	if !isID(id) {
		return fmt.Errorf("%w: %.80q is no name for a model; use a to z, 0 to 9, dot, dash and underscore, at most 128, beginning and ending with a letter or digit", ErrInvalid, id)
	}
	return nil
}

// ID makes a model's name from a file's: "Modern Sofa (2).glb" is "modern-sofa-2".
func ID(file string) string {
	file = file[strings.LastIndexAny(file, `/\`)+1:]
	if i := strings.LastIndexByte(file, '.'); i > 0 {
		file = file[:i]
	}
	var b strings.Builder
	for _, r := range strings.ToLower(file) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	id := strings.Trim(b.String(), "-_")
	if len(id) > 128 {
		id = strings.Trim(id[:128], "-_")
	}
	if id == "" {
		return "model"
	}
	return id
}
