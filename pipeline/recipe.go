package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// revision is raised when the same recipe begins to make other bytes.
const revision = 4

// A Recipe says what to make of a source. It is JSON; equal recipes have equal
// hashes.
type Recipe struct {
	Name    string                       `json:"name"`
	Unit    string                       `json:"unit"`    // what sources are drawn in: m, cm, mm, in, ft
	Pixels  float64                      `json:"pixels"`  // error allowed at a level's height
	Relaxed float64                      `json:"relaxed"` // the same where a cap binds
	Crease  float64                      `json:"crease"`  // degrees; sharper edges stay sharp where normals are made
	Levels  []LevelRecipe                `json:"levels"`  // finest first
	Forms   []string                     `json:"forms"`   // universal, and any of web and progressive
	Dedup   bool                         `json:"dedup"`   // what is equal becomes one
	Join    bool                         `json:"join"`    // what is drawn with one material and moves together becomes one
	Roles   map[textures.Role]RoleRecipe `json:"roles"`
	Limits  scene.Limits                 `json:"limits"`
}

// A LevelRecipe is one rung of the ladder.
type LevelRecipe struct {
	Height   int   `json:"height"`   // of the viewer in device pixels
	GPUBytes int64 `json:"gpuBytes"` // cap; 0 is none
	Bytes    int64 `json:"bytes"`    // cap; 0 is none
}

// A RoleRecipe says how textures of a role are packed.
type RoleRecipe struct {
	Pixels float64 `json:"pixels"`           // texel size allowed, as a multiple of the level's
	PSNR   float64 `json:"psnr,omitempty"`   // dB
	Angle  float64 `json:"angle,omitempty"`  // degrees, 99th percentile, normals
	Shift  float64 `json:"shift,omitempty"`  // codes, by which a small block's mean color may move
	Detail float64 `json:"detail,omitempty"` // share of the structure of small blocks, colors
	Noisy  float64 `json:"noisy,omitempty"`  // degrees, where keeping Angle takes more than 1.5 times the bytes
	Mean   float64 `json:"mean,omitempty"`   // degrees, on average, normals
}

// Quality is what textures of the role must keep when they are coded.
func (r RoleRecipe) Quality() textures.Quality {
	return textures.Quality{PSNR: r.PSNR, Angle: r.Angle, Noisy: r.Noisy, Mean: r.Mean, Shift: r.Shift, Detail: r.Detail}
}

// wrong says what of a role's quality can't be.
func (r RoleRecipe) wrong(role textures.Role) string {
	between := func(x, most float64) bool { return x >= 0 && x <= most }
	switch {
	case !between(r.PSNR, 100):
		return "psnr is not 0 to 100 dB"
	case !between(r.Shift, 255):
		return "shift is not 0 to 255 codes"
	case !between(r.Detail, 1):
		return "detail is not 0 to 1"
	case !between(r.Angle, 180) || !between(r.Noisy, 180) || !between(r.Mean, 180):
		return "angle, noisy and mean are not 0 to 180 degrees"
	case role == textures.Normal && r.PSNR+r.Angle+r.Mean == 0:
		return "psnr, angle or mean must say what is to be kept"
	case role != textures.Normal && r.PSNR+r.Detail == 0:
		return "psnr must say what is to be kept"
	}
	return ""
}

// Default is the built-in recipe: the pixel contract at four heights.
func Default() Recipe {
	const mb = 1 << 20
	return Recipe{
		Name: "default", Unit: "m", Pixels: 1, Relaxed: 2, Crease: 30,
		Forms: []string{asset.Universal, asset.Web, asset.Progressive}, Dedup: true, Join: true,
		Levels: []LevelRecipe{
			{2592, 192 * mb, 15 * mb},
			{1728, 96 * mb, 8 * mb},
			{1152, 48 * mb, 4 * mb},
			{640, 16 * mb, 3 * mb / 2},
		},
		Roles: map[textures.Role]RoleRecipe{
			textures.Color:    {Pixels: 1, PSNR: 38, Shift: 2, Detail: 0.97},
			textures.Emissive: {Pixels: 1, PSNR: 38, Shift: 2, Detail: 0.97},
			textures.Normal:   {Pixels: 1, Angle: 3, Noisy: 5, Mean: 1},
			textures.ORM:      {Pixels: 2, PSNR: 37},
			textures.Data:     {Pixels: 1, PSNR: 40},
		},
		Limits: scene.DefaultLimits(),
	}
}

// ParseRecipe reads a recipe's JSON. What it leaves out is as in Default, but a role
// that it names is named whole; what it says and nobody knows is an error.
func ParseRecipe(text []byte) (Recipe, error) {
	r := Default()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return r, fmt.Errorf("%w: recipe: %w", asset.ErrInvalid, err)
	}
	if dec.More() {
		return r, fmt.Errorf("%w: recipe: something follows its end", asset.ErrInvalid)
	}
	return r, r.Check()
}

// Check returns an error that says what is wrong with r.
func (r Recipe) Check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: recipe %s: %s", asset.ErrInvalid, r.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case r.Name == "":
		return bad("has no name")
	case scene.Units[r.Unit] == 0:
		return bad("unit %q is none of m, cm, mm, in, ft", r.Unit)
	case !(r.Pixels > 0) || !(r.Relaxed >= r.Pixels) || math.IsInf(r.Relaxed, 0):
		return bad("pixels must be above 0, and relaxed at least as much")
	case len(r.Levels) == 0 || len(r.Levels) > 16:
		return bad("has %d levels, not 1 to 16", len(r.Levels))
	case !(r.Crease >= 0 && r.Crease <= 180):
		return bad("crease is %g degrees, not 0 to 180", r.Crease)
	}
	for i, l := range r.Levels {
		if l.Height < 16 || i > 0 && l.Height >= r.Levels[i-1].Height {
			return bad("levels[%d].height is %d; heights fall, and are at least 16", i, l.Height)
		}
	}
	for _, f := range r.Forms {
		if f != asset.Universal && f != asset.Web && f != asset.Progressive {
			return bad("forms has %.40q, which is none of %s, %s, %s", f, asset.Universal, asset.Web, asset.Progressive)
		}
	}
	if slices.Contains(r.Forms, asset.Progressive) && !slices.Contains(r.Forms, asset.Web) {
		return bad("forms has %s without %s, of which it is made", asset.Progressive, asset.Web)
	}
	if !slices.Contains(r.Forms, asset.Universal) {
		return bad("forms must have %s: it is what a viewer gets that can't show the others", asset.Universal)
	}
	roles := []textures.Role{textures.Color, textures.Emissive, textures.Normal, textures.ORM, textures.Data}
	for _, name := range slices.Sorted(maps.Keys(r.Roles)) {
		if !slices.Contains(roles, name) {
			return bad("roles.%.40s is none of %v", name, roles)
		}
	}
	for _, role := range roles {
		x, ok := r.Roles[role]
		if !ok || !(x.Pixels > 0) || math.IsInf(x.Pixels, 0) {
			return bad("roles.%s.pixels must be above 0", role)
		}
		if what := x.wrong(role); what != "" {
			return bad("roles.%s: %s", role, what)
		}
	}
	return nil
}

// Hash identifies what r makes.
func (r Recipe) Hash() string {
	text, err := json.Marshal(struct {
		Revision int
		Recipe   Recipe
	}{revision, r})
	if err != nil {
		panic(err) // a recipe is plain data, and Check has seen its numbers
	}
	return asset.Hash(text)
}

// forms are those of the recipe that have a file for each level, the universal one first.
func forms(r Recipe) []string {
	if slices.Contains(r.Forms, asset.Web) {
		return []string{asset.Universal, asset.Web}
	}
	return []string{asset.Universal}
}

// Pixel is the size of a device pixel on a model of that radius, in meters: the
// inverse of px(e) = 0.46 e H / R, which is a camera with a field of view of 30
// degrees at 1.05 R / sin(15 degrees).
func Pixel(radius float64, height int) float64 {
	return radius / (0.46 * float64(height))
}
