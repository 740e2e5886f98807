package textures

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A Profile is what an image says its colors are. Without one they are sRGB, as glTF
// takes all.
type Profile struct {
	Name string // in the words of whoever made it; "" without a profile
	SRGB bool   // it says what sRGB is, or nearly
}

// maxProfile is the size beyond which a profile isn't looked at, in bytes.
const maxProfile = 4 << 20

func (h *Header) tooLong() {
	h.note("profile", "export it without a color profile", "has a color profile of more than %d MB, which isn't looked at", maxProfile>>20)
}

// profile reads an ICC profile (ICC.1:2010). It is sRGB if its primaries and curves
// are; one that works by tables counts by its name.
func (h *Header) profile(b []byte, name string) {
	if len(b) > maxProfile {
		h.tooLong()
		return
	}
	if h.Profile.Name != "" {
		return // the first one counts
	}
	tags := iccTags(b)
	if said := iccText(tags["desc"]); said != "" {
		name = said
	}
	h.Profile = Profile{Name: printable(name), SRGB: isSRGB(b, tags)}
	if !h.Profile.SRGB && tags["rXYZ"] == nil && tags["kTRC"] == nil {
		h.Profile.SRGB = strings.HasPrefix(strings.ToLower(name), "srgb")
	}
}

const (
	iccHeader  = 128
	maxICCTags = 100
)

// iccTags are the elements of a profile that lie within it.
func iccTags(b []byte) map[string][]byte {
	if len(b) < iccHeader+4 || string(b[36:40]) != "acsp" {
		return nil
	}
	out := map[string][]byte{}
	list := b[iccHeader+4:]
	for n := min(binary.BigEndian.Uint32(b[iccHeader:]), maxICCTags); n > 0 && len(list) >= 12; n-- {
		at, size := uint64(binary.BigEndian.Uint32(list[4:])), uint64(binary.BigEndian.Uint32(list[8:]))
		if at+size <= uint64(len(b)) && size >= 8 {
			out[string(list[:4])] = b[at : at+size]
		}
		list = list[12:]
	}
	return out
}

// iccText reads a description: ASCII in version 2, the first language's UTF-16 in 4.
func iccText(b []byte) string {
	switch {
	case len(b) >= 12 && string(b[:4]) == "desc":
		n := min(uint64(binary.BigEndian.Uint32(b[8:])), uint64(len(b)-12))
		return strings.TrimRight(string(b[12:12+min(n, 4*maxName)]), "\x00")
	case len(b) >= 28 && string(b[:4]) == "mluc":
		n, at := uint64(binary.BigEndian.Uint32(b[20:])), uint64(binary.BigEndian.Uint32(b[24:]))
		if at+n > uint64(len(b)) {
			return ""
		}
		var text []uint16
		for u := b[at : at+min(n, 2*maxName)]; len(u) >= 2; u = u[2:] {
			text = append(text, binary.BigEndian.Uint16(u))
		}
		return string(utf16.Decode(text))
	}
	return ""
}

// maxName is the longest name of a profile that is passed on, in characters.
const maxName = 64

// printable makes a stranger's text fit to be shown.
func printable(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return "unnamed"
	}
	var out strings.Builder
	for i, n := 0, 0; i < len(s) && n < maxName; n++ {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = '?'
		}
		out.WriteRune(r)
		i += size
	}
	return out.String()
}

// The columns of sRGB's matrix as profiles have it, adapted to D50 (IEC 61966-2-1).
var srgbColumns = map[string][3]float64{
	"rXYZ": {0.4361, 0.2225, 0.0139}, "gXYZ": {0.3851, 0.7169, 0.0971}, "bXYZ": {0.1431, 0.0606, 0.7139},
}

// isSRGB says whether a profile's primaries are within 0.005 of sRGB's and its curves
// within 0.005 of its light, which tells a gamma of 2.2 from it.
func isSRGB(b []byte, tags map[string][]byte) bool {
	if tags == nil {
		return false
	}
	if string(b[16:20]) == "GRAY" {
		return isSRGBCurve(tags["kTRC"])
	}
	for name, want := range srgbColumns {
		tag := tags[name]
		if len(tag) < 20 {
			return false
		}
		for i, v := range want {
			if math.Abs(fixed(tag[8+4*i:])-v) > 0.005 {
				return false
			}
		}
	}
	return isSRGBCurve(tags["rTRC"]) && isSRGBCurve(tags["gTRC"]) && isSRGBCurve(tags["bTRC"])
}

// fixed is a number with 16 bits after the point.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

func isSRGBCurve(b []byte) bool {
	curve := iccCurve(b)
	if curve == nil {
		return false
	}
	for i := range 33 {
		x := float64(i) / 32
		if !(math.Abs(curve(x)-Linear(x)) <= 0.005) { // what isn't a number isn't
			return false
		}
	}
	return true
}

// iccCurve reads a transfer curve: a table, or a power with up to four more numbers.
func iccCurve(b []byte) func(float64) float64 {
	switch {
	case len(b) >= 14 && string(b[:4]) == "curv":
		return tableCurve(b[12:], binary.BigEndian.Uint32(b[8:]))
	case len(b) >= 16 && string(b[:4]) == "para":
		return powerCurve(b[12:], binary.BigEndian.Uint16(b[8:]))
	}
	return nil
}

func tableCurve(b []byte, n uint32) func(float64) float64 {
	if n == 0 || uint64(n)*2 > uint64(len(b)) {
		return nil // none is linear light, and so is what is cut off nothing we know
	}
	at := func(i int) float64 { return float64(binary.BigEndian.Uint16(b[2*i:])) }
	if n == 1 {
		return func(x float64) float64 { return math.Pow(x, at(0)/256) }
	}
	return func(x float64) float64 {
		x *= float64(n - 1)
		i := min(int(x), int(n)-2)
		f := x - float64(i)
		return (at(i) + float64(f*(at(i+1)-at(i)))) / 65535
	}
}

// powerCurve is type 3 of ICC.1:2010, 10.16: (ax+b)^g from d on, cx below; and type 0,
// x^g. sRGB needs no other.
func powerCurve(p []byte, kind uint16) func(float64) float64 {
	g := fixed(p)
	switch {
	case kind == 0:
		return func(x float64) float64 { return math.Pow(x, g) }
	case kind == 3 && len(p) >= 20:
		a, b, c, d := fixed(p[4:]), fixed(p[8:]), fixed(p[12:]), fixed(p[16:])
		return func(x float64) float64 {
			if x < d {
				return float64(c * x)
			}
			return math.Pow(float64(a*x)+b, g)
		}
	}
	return nil
}
