package edge

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/plinth3d/plinth/origin"
)

// A request is what a client sends, in the order it sends it.
type request struct {
	path  string
	lines [][2]string // header fields: name, value
	query string
}

// cases makes requests of all kinds: what a field or parameter may say, nearly says, and
// doesn't say at all; in odd case, twice, or not there.
type cases struct {
	*rand.Rand
	fields []string
}

func newCases(seed uint64) *cases {
	return &cases{rand.New(rand.NewPCG(seed, 5)), append(origin.RequestHeaders(), "User-Agent", "Viewport-Height", "X-Plinth-Class")}
}

func (c *cases) request() request {
	r := request{path: "/p/m/chair.glb"}
	if c.IntN(4) == 0 {
		r.path = one(c, "/p/m/chair.json", "/p/", "/p", "/P/m/chair.glb", "/o/m/00/p/chair.glb", "/embed/plinth.js", "/", "")
	}
	crowd := c.Float64() // some requests say much, some nothing
	for _, name := range c.fields {
		for p := crowd / 2; c.Float64() < p; p *= 0.3 {
			r.lines = append(r.lines, [2]string{c.inCase(name), c.value(name)})
		}
	}
	if c.IntN(3) == 0 { // a pair of hints that lies on or beside a class's height
		viewport, ratio := c.beside()
		r.lines = append(r.lines, [2]string{"sec-ch-viewport-height", viewport}, [2]string{one(c, "sec-ch-dpr", "dpr"), ratio})
	}
	c.Shuffle(len(r.lines), func(i, j int) { r.lines[i], r.lines[j] = r.lines[j], r.lines[i] })
	r.query = c.query(crowd)
	return r
}

// value is what the field of that name may be found to say.
func (c *cases) value(name string) string {
	if c.IntN(12) == 0 {
		return one(c, "", " ", "true", "on", "1", "NaN", "Infinity", "0x10", "null", "1e3", "ü", "constructor", "__proto__", "2, 2", "on,on")
	}
	switch name {
	case "Plinth-Class":
		return one(c, "1152", "1152-lite", "640", "2592-lite", "1153", "lite", "1152-LITE")
	case "Sec-CH-Viewport-Height":
		return one(c, c.number(1400), c.number(1400), c.number(9), c.bad())
	case "Sec-CH-DPR", "DPR":
		return one(c, "1", "2", "3", "2.625", c.number(4), c.bad())
	case "Save-Data":
		return one(c, "on", "on", "ON", "On", "off", "on;x", "1", "oN ")
	case "ECT":
		return one(c, "slow-2g", "2g", "3g", "4g", "4g", "2G", "5g")
	case "Sec-CH-Device-Memory", "Device-Memory":
		return one(c, "0.25", "1", "2", "2.0", "2.0001", "4", "8", "8", "32", c.number(4), c.bad())
	}
	return one(c, "true", "true", "false", "false", "True", "1", c.number(3000))
}

// number is a decimal of the grammar, below limit.
func (c *cases) number(limit int) string {
	return strconv.FormatFloat(c.Float64()*float64(limit), 'f', c.IntN(5), 64)
}

// bad is nearly a number.
func (c *cases) bad() string {
	return one(c, "", ".5", "5.", "+5", "-5", "5,0", "1.00000", "1234567", "999999.9999", "0", "0.0", "000000", "5 ", " 5", "1.2.3", "٣", "1e2", "5px", "0.99999", "00001.5000")
}

// beside is a viewport's height and a ratio whose product is near a class's height: on
// it, or off by the last digit.
func (c *cases) beside() (viewport, ratio string) {
	heights := origin.DeviceRules().Heights
	dpr := float64(1+c.IntN(40000)) / 10000
	if c.IntN(2) == 0 {
		dpr = one(c, 1, 1.1, 1.25, 1.5, 2, 2.625, 2.75, 3, 3.5)
	}
	h := float64(heights[c.IntN(len(heights))])/dpr + float64(c.IntN(3)-1)/10000
	return fmt.Sprintf("%.4f", h), strconv.FormatFloat(dpr, 'f', -1, 64)
}

// query is a query string, well formed or not.
func (c *cases) query(crowd float64) string {
	var pairs []string
	add := func(chance float64, name string, value func() string) {
		for p := chance; c.Float64() < p; p *= 0.25 {
			pairs = append(pairs, one(c, name, name, name, name, name, name, strings.ToUpper(name), " "+name, "%"+fmt.Sprintf("%02x", name[0])+name[1:])+value())
		}
	}
	add(0.25+0.5*crowd, "h", c.height)
	add(0.5, "form", func() string {
		return "=" + one(c, append(origin.DeviceRules().Forms, "web", "gpu", "WEB", "obj", "", "we%62", "web+", "constructor")...)
	})
	add(0.4*crowd, "lite", func() string { return one(c, "=1", "=1", "=0", "=0", "", "=", "=true", "=%31", "==1", "=01") })
	add(0.3, "exp", func() string { return one(c, "=1790000000", "=0", "", "=", "=a%20b", "=a=b") })
	add(0.3, "sig", func() string { return one(c, "=c2ln", "=c2ln%3D", "=", "") })
	add(0.3, "utm", func() string { return one(c, "=x", "", "=form=web", "=h") })
	add(0.05, "__proto__", func() string { return "=1" })
	c.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	return strings.Join(pairs, "&")
}

// height is "=" and what ?h= may be found to say.
func (c *cases) height() string {
	heights := origin.DeviceRules().Heights
	near := heights[c.IntN(len(heights))] + c.IntN(3) - 1
	return one(c, "", "=", "==9", "="+strconv.Itoa(near), "="+strconv.Itoa(near), "="+strconv.Itoa(c.IntN(3000)), "="+strconv.Itoa(c.IntN(2000000)), "="+c.number(3000), "="+c.bad(), "=%39", "=1+1")
}

// inCase is a name as clients may spell it.
func (c *cases) inCase(name string) string {
	return one(c, name, strings.ToLower(name), strings.ToUpper(name))
}

// one is one of the values.
func one[T any](c *cases, values ...T) T { return values[c.IntN(len(values))] }
