// Package edge makes the function that CloudFront runs on each request before it looks
// into its cache: the origin's selection of a device's class, in JavaScript.
//
// The function gives a request for a product one of eight values of Plinth-Class and takes
// away the query parameters that led to it, so that a cache that keys on that field and
// on the query holds at most eight answers per product and form (and signature). A Plinth-Class that a client sent
// is never kept. All other requests keep no parameter but those of signed URLs.
package edge

import (
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/plinth3d/plinth/origin"
)

// MaxBytes is the most that CloudFront takes for a function.
const MaxBytes = 10 * 1024

//go:embed function.js
var source string

// Function returns the JavaScript of a viewer-request function for CloudFront's runtime
// 2.0. It decides by origin.DeviceRules, as origin.DeviceOf does, and is the same text
// whenever those are the same.
//
// It is written in ECMAScript 5.1 with let and const: that runtime has little more.
func Function() string {
	// An event has the names of fields in lower case.
	table, err := json.MarshalIndent(origin.DeviceRules().Spell(strings.ToLower), "", "    ")
	if err != nil {
		panic(err) // the table is names and numbers, all of them finite
	}
	return strings.NewReplacer(
		"{{table}}", string(table),
		"{{whole}}", origin.WholePattern,
		"{{decimal}}", origin.NumberPattern,
	).Replace(source)
}
