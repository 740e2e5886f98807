package origin

import (
	"fmt"
	"slices"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// What lite devices are given: more error, fewer bytes.
const (
	litePixels = 2
	liteBytes  = 3 << 20 / 2 // 1.5 MB, the recipe's cap for the coarsest level
)

// A Reason says why a rendition was picked.
type Reason struct {
	Class
	Level  int
	Pixels float64 // error at the class's height
	Cap    string  // that allowed the level more than a pixel
	Form   string
	From   Source
}

// String is what Plinth-Reason says: "h=1152 level=2 px=0.80 cap=- form=web from=query".
// The first four and their order are a contract with users.
func (r Reason) String() string {
	by, lite := r.Cap, ""
	if by == "" {
		by = "-"
	}
	if r.Lite {
		lite = " lite"
	}
	return fmt.Sprintf("h=%d level=%d px=%.2f cap=%s form=%s from=%s%s", r.Height, r.Level, r.Pixels, by, r.Form, r.From, lite)
}

// A Choice is a rendition and why it would be picked.
type Choice struct {
	Rendition asset.Rendition
	Reason    Reason
}

// Pick returns the rendition that is right for a device: of the coarsest level that was
// made for at least the class's height, or of the finest.
//
// For a lite device the level is the coarsest that is within two pixels at that height,
// or the finest; where its file is larger than 1.5 MB, the next coarser one that isn't,
// or the coarsest. A progressive file that large has all levels, and so is of no use to it:
// it counts as not there.
//
// A level that lacks the form gives the universal one; one that lacks both is passed over
// for the nearest coarser one, then the nearest finer. Only where no level has either is it
// any other GLB. So what is picked may be of another form than was asked for; a USDZ or a
// poster it is only where that was asked for. ok is false where nothing is left.
//
// The level of a progressive file is that up to which the device should load it.
func Pick(m asset.Manifest, d Device) (r asset.Rendition, why Reason, ok bool) {
	all := Rank(m, d)
	if len(all) == 0 {
		return asset.Rendition{}, Reason{}, false
	}
	return all[0].Rendition, all[0].Reason, true
}

// Rank returns all renditions that would do for a device, in order of preference: the
// first is Pick's, the others take its place where its file is missing. Those that any
// viewer of the form can show come before those that it may have no decoder for.
func Rank(m asset.Manifest, d Device) []Choice {
	var sure, perhaps []Choice
	for _, level := range levels(m, d) {
		l := &m.Levels[level]
		for _, r := range renditions(l, d) {
			c := Choice{r, Reason{d.Class, l.Level, pixels(l, d.Height), l.RelaxedBy, r.Form, d.From}}
			if rank(r.Form, d.Form) < other {
				sure = append(sure, c)
			} else {
				perhaps = append(perhaps, c)
			}
		}
	}
	return append(sure, perhaps...)
}

// levels are the indices of a manifest's levels in order of preference.
func levels(m asset.Manifest, d Device) []int {
	right := rightLevel(m, d)
	var order, heavy []int
	for i := right; i < len(m.Levels); i++ {
		if files := renditions(&m.Levels[i], d); d.Lite && len(files) > 0 && files[0].Bytes > liteBytes {
			heavy = append(heavy, i)
			continue
		}
		order = append(order, i)
	}
	slices.Reverse(heavy) // where none is light, the coarsest is the least to carry
	order = append(order, heavy...)
	for i := right - 1; i >= 0; i-- {
		order = append(order, i)
	}
	return order
}

// rightLevel is the index of the coarsest level that is good enough, or of the finest.
func rightLevel(m asset.Manifest, d Device) int {
	for i := len(m.Levels) - 1; i > 0; i-- {
		l := &m.Levels[i]
		if d.Lite && pixels(l, d.Height) <= litePixels || !d.Lite && l.Height >= d.Height {
			return i
		}
	}
	return 0
}

// pixels is a level's error where the viewer is of another height than it was made for.
func pixels(l *asset.Level, height int) float64 {
	if l.Height <= 0 {
		return l.Pixels // made for no height
	}
	return l.Pixels * float64(height) / float64(l.Height)
}

// renditions are those of a level that would do for a device, in order of preference.
func renditions(l *asset.Level, d Device) []asset.Rendition {
	var fit []asset.Rendition
	for _, r := range l.Renditions {
		heavy := d.Lite && r.Form == asset.Progressive && r.Bytes > liteBytes
		if !heavy && (r.Form == d.Form || r.Form != formUSDZ && r.Form != formPoster) {
			fit = append(fit, r)
		}
	}
	slices.SortStableFunc(fit, func(a, b asset.Rendition) int { return rank(a.Form, d.Form) - rank(b.Form, d.Form) })
	return fit
}

// other is the rank of forms that a viewer may not be able to show.
const other = 2

// rank is 0 for the form asked for, 1 for the one that every viewer shows, then other.
func rank(form, asked string) int {
	switch form {
	case asked:
		return 0
	case asset.Universal:
		return 1
	}
	return other
}
