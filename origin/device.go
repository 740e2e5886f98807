package origin

import (
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Forms that may be asked for, beside asset's.
const (
	formGPU    = "gpu"
	formUSDZ   = "usdz"
	formPoster = "poster"
)

// A Class is all that a cache tells devices apart by: a height of the table, full or
// lite.
type Class struct {
	Height int // of the viewer in device pixels
	Lite   bool
}

// String is the class's key: "1152", "1152-lite".
func (c Class) String() string {
	if c.Lite {
		return strconv.Itoa(c.Height) + "-lite"
	}
	return strconv.Itoa(c.Height)
}

// Classes returns all eight, finest first, each full and then lite.
func Classes() []Class {
	var all []Class
	for _, h := range rules.Heights {
		all = append(all, Class{h, false}, Class{h, true})
	}
	return all
}

// A Source says where a class's height came from.
type Source string

// The sources of a height, the first that is there counts.
const (
	FromClass      Source = "class" // the edge decided
	FromQuery      Source = "query"
	FromHint       Source = "hint"
	FromCloudFront Source = "cloudfront"
	FromDefault    Source = "default"
)

// A Device is what is known of who asks. It is small and comparable: a key for answers
// that are made once.
type Device struct {
	Class
	Form string // one of the table's
	From Source // of Height
}

// DeviceOf reads a request's header and its query as it stands in the URL.
//
// The height is the first of these that can be read, rounded up to one of 2592, 1728,
// 1152 and 640; above 2592 it is 2592:
//
//	Plinth-Class                          a class's key; height and lite are as it says
//	?h=                                   1 to 999999 device pixels
//	Sec-CH-Viewport-Height x Sec-CH-DPR   both; DPR where there is no Sec-CH-DPR; at least 1
//	CloudFront-Is-Tablet-Viewer: true     1728
//	CloudFront-Is-Mobile-Viewer: true     1152
//	CloudFront-Is-SmartTV-Viewer: true    2592
//	CloudFront-Is-Desktop-Viewer: true    1728
//	nothing                               1152
//
// Whether the class is lite:
//
//	?lite=1, ?lite=0                      yes, no, whatever else is said
//	Save-Data: on                         yes
//	ECT: slow-2g, 2g                      yes
//	Sec-CH-Device-Memory <= 2             yes; Device-Memory where there is none
//	nothing                               no
//
// The form is that of ?form= where the table knows it, else universal.
//
// Numbers of hints are one to six digits, which may be followed by a point and one to
// four digits. What can't be read is as if it weren't there, never an error; so is a
// header field that occurs more than once. Of a query parameter the first counts,
// readable or not, and escapes aren't undone, as no good value needs one.
func DeviceOf(header http.Header, rawQuery string) Device {
	d := Device{Form: formOf(rawQuery)}
	if c, ok := byKey[single(header, rules.Class)]; ok {
		d.Class, d.From = c, FromClass
		return d
	}
	height, from := heightOf(header, rawQuery)
	d.Class, d.From = Class{roundUp(height), lite(header, rawQuery)}, from
	return d
}

// byKey has all classes by their keys.
var byKey = func() map[string]Class {
	keys := map[string]Class{}
	for _, c := range Classes() {
		keys[c.String()] = c
	}
	return keys
}()

var (
	whole   = regexp.MustCompile(WholePattern)
	decimal = regexp.MustCompile(NumberPattern)
)

// heightOf is what is told of the viewer's height, in device pixels, and where.
func heightOf(header http.Header, rawQuery string) (float64, Source) {
	if h := numeric(parameter(rawQuery, heightParameter), whole); h > 0 {
		return h, FromQuery
	}
	if h := hint(header, rules.Viewport) * hint(header, rules.Ratio...); h >= 1 {
		return h, FromHint
	}
	for _, v := range rules.Viewers {
		if single(header, v.Field) == "true" {
			return float64(v.Height), FromCloudFront
		}
	}
	return float64(rules.Default), FromDefault
}

// roundUp is the lowest class that is at least h, or the highest. A part of a pixel needs
// no rounding of its own, since classes are whole.
func roundUp(h float64) int {
	for _, class := range slices.Backward(rules.Heights) {
		if h <= float64(class) {
			return class
		}
	}
	return rules.Heights[0]
}

// lite says whether the device is to be spared bytes and memory.
func lite(header http.Header, rawQuery string) bool {
	switch parameter(rawQuery, liteParameter) {
	case "1":
		return true
	case "0":
		return false
	}
	return strings.EqualFold(single(header, rules.SaveData), "on") ||
		slices.Contains(rules.Slow, single(header, rules.Network)) ||
		hint(header, rules.Memory...) <= rules.Small
}

// formOf is the form asked for.
func formOf(rawQuery string) string {
	if form := parameter(rawQuery, formParameter); slices.Contains(rules.Forms, form) {
		return form
	}
	return rules.Forms[0]
}

// hint is the number in the first of the fields that has one, NaN where none has.
func hint(header http.Header, names ...string) float64 {
	for _, name := range names {
		if n := numeric(single(header, name), decimal); !math.IsNaN(n) {
			return n
		}
	}
	return math.NaN()
}

// numeric reads what the pattern matches; all else is NaN, which no comparison holds for.
func numeric(s string, pattern *regexp.Regexp) float64 {
	if !pattern.MatchString(s) {
		return math.NaN()
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil { // not with these patterns
		return math.NaN()
	}
	return n
}

// single is the value of a field that occurs once. Of one that occurs more often none
// counts: joined, as a proxy may join them, they would not be readable either.
func single(header http.Header, name string) string {
	if lines := header[name]; len(lines) == 1 {
		return lines[0]
	}
	return ""
}

// parameter is the first value of a query parameter, as it stands in the URL.
func parameter(rawQuery, name string) string {
	for rawQuery != "" {
		var pair string
		pair, rawQuery, _ = strings.Cut(rawQuery, "&")
		if key, value, _ := strings.Cut(pair, "="); key == name {
			return value
		}
	}
	return ""
}
