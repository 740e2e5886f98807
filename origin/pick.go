package origin

import (
	"fmt"
	"strconv"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A Device is what is known of who asks.
type Device struct {
	Height int    // of the viewer in device pixels
	Form   string // of the rendition
	known  bool   // the height was told, not assumed
}

// defaultHeight is assumed of devices that tell none: a phone.
const defaultHeight = 1152

// deviceOf reads a query. What it can't read is as if it weren't there.
func deviceOf(h, form string) Device {
	d := Device{Height: defaultHeight, Form: asset.Universal}
	if n, err := strconv.Atoi(h); err == nil && n > 0 && n < 1<<20 {
		d.Height, d.known = n, true
	}
	if form != "" {
		d.Form = form
	}
	return d
}

// A Reason says why a rendition was picked.
type Reason struct {
	Height  int
	Assumed bool
	Level   int
	Pixels  float64
	Cap     string
	Form    string
}

func (r Reason) String() string {
	by := r.Cap
	if by == "" {
		by = "-"
	}
	from := ""
	if r.Assumed {
		from = " h-from=default"
	}
	return fmt.Sprintf("h=%d level=%d px=%.2f cap=%s form=%s%s", r.Height, r.Level, r.Pixels, by, r.Form, from)
}

// Pick returns the coarsest level that is right at the device's height, in the form
// asked for or, where there is none, the universal one. A device above all levels
// gets the finest. ok is false for a manifest without renditions.
func Pick(m asset.Manifest, d Device) (r asset.Rendition, why Reason, ok bool) {
	for i := len(m.Levels) - 1; i >= 0; i-- {
		l := &m.Levels[i]
		if l.Height < d.Height && i > 0 {
			continue
		}
		if r, ok = l.Rendition(d.Form); !ok {
			r, ok = l.Rendition(asset.Universal)
		}
		if ok {
			return r, Reason{d.Height, !d.known, l.Level, l.Pixels, l.RelaxedBy, r.Form}, true
		}
	}
	return asset.Rendition{}, Reason{}, false
}
