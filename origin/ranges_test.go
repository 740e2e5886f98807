package origin

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// huge is more than an int64 can count.
const huge = "99999999999999999999"

func TestRange(t *testing.T) {
	run(t, "GET", object, []row{
		{"14.1.2: first and last", fields("Range", "bytes=10-19"), "206 10+10"},
		{"14.1.2: one byte", fields("Range", "bytes=0-0"), "206 0+1"},
		{"14.1.2: the last byte", fields("Range", "bytes=99-99"), "206 99+1"},
		{"14.1.2: only first", fields("Range", "bytes=90-"), "206 90+10"},
		{"14.1.2: all of it is still partial", fields("Range", "bytes=0-"), "206 0+100"},
		{"14.1.2: a last beyond the end is the end", fields("Range", "bytes=90-500"), "206 90+10"},
		{"14.1.2: a last at the size is the end", fields("Range", "bytes=90-100"), "206 90+10"},
		{"14.1.2: a last beyond counting is the end", fields("Range", "bytes=90-"+huge), "206 90+10"},
		{"14.1.2: zeros before a number", fields("Range", "bytes=0000000000000000000000090-091"), "206 90+2"},
		{"14.1.2: a suffix", fields("Range", "bytes=-5"), "206 95+5"},
		{"14.1.2: a suffix as long as the object", fields("Range", "bytes=-100"), "206 0+100"},
		{"14.1.2: a suffix longer than the object is the whole", fields("Range", "bytes=-101"), "206 0+100"},
		{"14.1.2: a suffix beyond counting is the whole", fields("Range", "bytes=-"+huge), "206 0+100"},
		{"14.1.2: a suffix of nothing can't be satisfied", fields("Range", "bytes=-0"), "416"},
		{"14.1.2: a suffix of nothing in many zeros", fields("Range", "bytes=-000000000000000000000000"), "416"},
		{"14.1.2: a first at the end can't be satisfied", fields("Range", "bytes=100-"), "416"},
		{"14.1.2: a first beyond counting can't be satisfied", fields("Range", "bytes="+huge+"-"), "416"},
		{"14.1.2: both beyond counting can't be satisfied", fields("Range", "bytes="+huge+"-"+huge), "416"},
		{"14.1.2: the greatest int64 can't be satisfied", fields("Range", "bytes=9223372036854775807-9223372036854775807"), "416"},
		{"14.1.1: last before first is malformed", fields("Range", "bytes=9-3"), "200 0+100"},
		{"14.1.1: last before first is malformed beyond the end too", fields("Range", "bytes=300-200"), "200 0+100"},
		{"14.1.1: last before first is malformed beyond counting too", fields("Range", "bytes="+huge+"-99999999999999999998"), "200 0+100"},
		{"14.1.1: zeros don't make a last greater", fields("Range", "bytes=9-0003"), "200 0+100"},
		{"14.1.2: no numbers", fields("Range", "bytes=-"), "200 0+100"},
		{"14.1.2: no dash", fields("Range", "bytes=5"), "200 0+100"},
		{"14.1.2: a second dash", fields("Range", "bytes=1-2-3"), "200 0+100"},
		{"14.1.2: a suffix below nothing", fields("Range", "bytes=--5"), "200 0+100"},
		{"14.1.2: a sign", fields("Range", "bytes=+1-2"), "200 0+100"},
		{"14.1.2: hexadecimal digits", fields("Range", "bytes=0x0-0x5"), "200 0+100"},
		{"14.1.2: digits of another script", fields("Range", "bytes=٠-٥"), "200 0+100"},
		{"14.1.2: spaces around the dash", fields("Range", "bytes=0 - 5"), "200 0+100"},
		{"14.1.1: nothing", fields("Range", ""), "200 0+100"},
		{"14.1.1: no set", fields("Range", "bytes="), "200 0+100"},
		{"14.1.1: no equals sign", fields("Range", "bytes 0-5"), "200 0+100"},
		{"14.1.1: a space before the equals sign", fields("Range", "bytes =0-5"), "200 0+100"},
		{"14.1: units are not case-sensitive", fields("Range", "BYTES=0-0"), "206 0+1"},
		{"14.2: another unit is ignored", fields("Range", "seconds=1-2"), "200 0+100"},
		{"14.2: another unit is ignored even if it starts alike", fields("Range", "bytesx=500-"), "200 0+100"},
		{"14.2: another unit is ignored, never unsatisfiable", fields("Range", "lines=500-"), "200 0+100"},
		{"14.2: two lines are ignored", fields("Range", "bytes=0-1", "Range", "bytes=5-6"), "200 0+100"},
	})
}

func TestRangeSets(t *testing.T) {
	many := func(n int) string { // ranges of one byte with one between
		var set []string
		for i := range n {
			set = append(set, fmt.Sprintf("%d-%d", 2*i, 2*i))
		}
		return "bytes=" + strings.Join(set, ",")
	}
	run(t, "GET", object, []row{
		{"15.3.7.2: two ranges are two parts", fields("Range", "bytes=0-1,5-6"), "206 0+2 5+2"},
		{"15.3.7.2: parts come in the order they were asked", fields("Range", "bytes=50-59,-5,0-1"), "206 50+10 95+5 0+2"},
		{"15.3.7.2: ranges that overlap are one", fields("Range", "bytes=0-10,5-20"), "206 0+21"},
		{"15.3.7.2: ranges that overlap are one in any order", fields("Range", "bytes=5-20,0-10"), "206 0+21"},
		{"15.3.7.2: adjacent ranges are one", fields("Range", "bytes=0-4,5-9"), "206 0+10"},
		{"15.3.7.2: many adjacent ranges are one", fields("Range", "bytes=0-4,5-9,10-14,15-19"), "206 0+20"},
		{"15.3.7.2: a range twice is one", fields("Range", "bytes=3-4,3-4"), "206 3+2"},
		{"15.3.7.2: a range inside another is nothing more", fields("Range", "bytes=40-44,30-50"), "206 30+21"},
		{"15.3.7.2: one that joins two", fields("Range", "bytes=0-4,10-14,5-9"), "206 0+15"},
		{"15.3.7.2: joined ranges stand where their first was asked", fields("Range", "bytes=50-54,0-4,55-59"), "206 50+10 0+5"},
		{"15.3.7.2: a gap of one byte is kept", fields("Range", "bytes=0-4,6-9"), "206 0+5 6+4"},
		{"14.1.2: those without a byte here are left out", fields("Range", "bytes=500-,0-1,-0,5-6"), "206 0+2 5+2"},
		{"15.3.7.2: if one is left it is not multipart", fields("Range", "bytes=500-,0-1"), "206 0+2"},
		{"15.5.17: none has a byte here", fields("Range", "bytes=500-,100-200,-0"), "416"},
		{"14.1.1: one malformed member spoils the set", fields("Range", "bytes=0-1,x"), "200 0+100"},
		{"14.1.1: one malformed member spoils a set that can't be satisfied", fields("Range", "bytes=500-,9-3"), "200 0+100"},
		{"5.6.1: spaces around commas", fields("Range", "bytes=0-1 ,\t5-6"), "206 0+2 5+2"},
		{"5.6.1.2: empty members are nothing", fields("Range", "bytes=,0-1,, ,5-6,"), "206 0+2 5+2"},
		{"5.6.1.2: one member among empty ones is one range", fields("Range", "bytes=,0-1,"), "206 0+2"},
		{"5.6.1.2: a set of empty members is malformed", fields("Range", "bytes=, ,"), "200 0+100"},
		{"14.2: two that overlap are served", fields("Range", "bytes=0-9,5-14,50-59"), "206 0+15 50+10"},
		{"14.2: three that overlap are not", fields("Range", "bytes=0-9,5-14,14-20"), "200 0+100"},
		{"14.2: two pairs that overlap are not", fields("Range", "bytes=0-2,1-3,10-12,11-13"), "200 0+100"},
		{"14.2: in sum no more than the object has", fields("Range", "bytes=50-99,0-49"), "206 0+100"},
		{"14.2: in sum more than the object has is not served in parts", fields("Range", "bytes=0-98,98-99"), "200 0+100"},
		{"14.2: 32 ranges are served", fields("Range", many(maxRanges)), spansOf(maxRanges)},
		{"14.2: 33 ranges are not", fields("Range", many(maxRanges+1)), "200 0+100"},
		{"14.2: 33 ranges are not, even if none has a byte here", fields("Range", "bytes="+strings.Repeat("500-,", maxRanges+1)), "200 0+100"},
	})
}

// spansOf is how a set of n ranges of one byte, with one between, is told.
func spansOf(n int) string {
	said := []string{"206"}
	for i := range n {
		said = append(said, fmt.Sprintf("%d+1", 2*i))
	}
	return strings.Join(said, " ")
}

func TestRangeOfAnEmptyObject(t *testing.T) {
	run(t, "GET", Subject{ETag: `"x"`}, []row{
		{"9.3.1: a GET has no bytes", nil, "200 0+0 silent"},
		{"14.1.2: no first is inside", fields("Range", "bytes=0-"), "416"},
		{"14.1.2: not even the first byte", fields("Range", "bytes=0-0"), "416"},
		{"14.1.2: a suffix of nothing can't be satisfied", fields("Range", "bytes=-0"), "416"},
		{"14.1.2: a suffix is satisfiable but has no Content-Range, so it is ignored", fields("Range", "bytes=-5"), "200 0+0 silent"},
		{"14.1.2: such a suffix beside another", fields("Range", "bytes=0-,-5"), "200 0+0 silent"},
	})
	run(t, "GET", Subject{Size: math.MaxInt64}, []row{
		{"14.1.2: the end of the greatest object", fields("Range", "bytes=9223372036854775800-"), "206 9223372036854775800+7"},
		{"14.1.2: beyond the greatest object", fields("Range", "bytes="+huge+"-"), "416"},
		{"14.2: sums beyond counting", fields("Range", "bytes=1-,2-,3-"), "200 0+9223372036854775807"},
	})
}

func TestContentRange(t *testing.T) {
	if got, want := ContentRange(Span{10, 5}, 100), "bytes 10-14/100"; got != want {
		t.Errorf("14.4: got %q, want %q", got, want)
	}
	if got, want := UnsatisfiedRange(100), "bytes */100"; got != want {
		t.Errorf("15.5.17: got %q, want %q", got, want)
	}
}

// FuzzRange reads each Range a second time, slowly, byte by byte.
func FuzzRange(f *testing.F) {
	for _, seed := range []string{"bytes=0-1", "bytes=5-,-3", "bytes=3-4,,0-2 , 9-9", "BYTES=-0", "bytes=0-9,2-3,11-11,12-", "bytes=" + huge + "-" + huge, "bytes=4-2", "x=1-2"} {
		f.Add(seed, byte(20))
	}
	f.Fuzz(func(t *testing.T, value string, size byte) {
		p := Decide("GET", fields("Range", value), Subject{Size: int64(size)})
		checkPlan(t, p, "GET", int64(size))
		if got, want := p.String(), naive(value, int(size)); got != want {
			t.Errorf("%q of %d bytes: got %s, want %s", value, size, got, want)
		}
	})
}

var (
	intRange    = regexp.MustCompile(`^([0-9]+)-([0-9]*)$`)
	suffixRange = regexp.MustCompile(`^-([0-9]+)$`)
)

// naive answers a GET with a Range as [Decide] does, from a picture of which bytes each
// member covers.
func naive(value string, size int) string {
	whole := Plan{Status: 200, Span: Span{0, int64(size)}, Body: size > 0}.String()
	set, ok := cutFold(value, "bytes=")
	if !ok {
		return whole
	}
	var members [][]bool
	for spec := range strings.SplitSeq(set, ",") {
		if spec = strings.Trim(spec, " \t"); spec == "" {
			continue
		}
		covers, ok := picture(spec, size)
		if !ok {
			return whole
		}
		if members = append(members, covers); len(members) > maxRanges {
			return whole // before they are compared, each with each
		}
	}
	return told(members, size, whole)
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

// picture is which of the bytes a range-spec covers; there is none if it is malformed
// or a suffix of an empty object.
func picture(spec string, size int) ([]bool, bool) {
	covers := make([]bool, size)
	first, last := new(big.Int), big.NewInt(int64(size))
	if m := suffixRange.FindStringSubmatch(spec); m != nil {
		length, _ := new(big.Int).SetString(m[1], 10)
		if size == 0 && length.Sign() > 0 {
			return nil, false
		}
		first.Sub(last, length)
	} else if m := intRange.FindStringSubmatch(spec); m != nil {
		first.SetString(m[1], 10)
		if m[2] != "" {
			last.SetString(m[2], 10)
			if last.Cmp(first) < 0 {
				return nil, false
			}
		}
	} else {
		return nil, false
	}
	for i := range covers {
		at := big.NewInt(int64(i))
		covers[i] = at.Cmp(first) >= 0 && at.Cmp(last) <= 0
	}
	return covers, true
}

// told is the answer for the bytes that members cover.
func told(members [][]bool, size int, whole string) string {
	total, overlapping, parts := 0, 0, []string{}
	union := make([]bool, size+1)
	for i, m := range members {
		shares := false
		for at, covered := range m {
			if covered {
				total, union[at] = total+1, true
				shares = shares || slices.ContainsFunc(slices.Concat(members[:i], members[i+1:]), func(o []bool) bool { return o[at] })
			}
		}
		if shares {
			overlapping++
		}
	}
	if len(members) == 0 || overlapping > maxOverlapping || total > size {
		return whole
	}
	for _, m := range members {
		at := slices.Index(m, true)
		if at < 0 || !union[at] { // nothing, or told already
			continue
		}
		for at > 0 && union[at-1] {
			at--
		}
		start := at
		for ; union[at]; at++ {
			union[at] = false
		}
		parts = append(parts, fmt.Sprintf("%d+%d", start, at-start))
	}
	if len(parts) == 0 {
		return "416"
	}
	return "206 " + strings.Join(parts, " ")
}
