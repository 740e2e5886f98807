package origin

import (
	"net/http"
	"testing"
	"time"
)

func TestIfMatch(t *testing.T) {
	run(t, "GET", object, []row{
		{"13.1.1: the tag holds", fields("If-Match", `"x"`), "200 0+100"},
		{"13.1.1: one of a list holds", fields("If-Match", `"a", "x", "b"`), "200 0+100"},
		{"13.1.1: one on the second line holds", fields("If-Match", `"a"`, "If-Match", `"x"`), "200 0+100"},
		{"13.1.1: another tag fails", fields("If-Match", `"y"`), "412"},
		{"13.1.1: none of a list fails", fields("If-Match", `"a","b"`, "If-Match", `"c"`), "412"},
		{"13.1.1: the comparison is strong", fields("If-Match", `W/"x"`), "412"},
		{"13.1.1: a weak tag beside the strong one does no harm", fields("If-Match", `W/"x", "x"`), "200 0+100"},
		{"13.1.1: * holds for what exists", fields("If-Match", "*"), "200 0+100"},
		{"13.1.1: * with spaces around", fields("If-Match", " * "), "200 0+100"},
		{"13.1.1: * in a list is malformed and fails", fields("If-Match", `"a", *`), "412"},
		{"13.1.1: * on one of two lines is malformed and fails", fields("If-Match", "*", "If-Match", `"x"`), "412"},
		{"13.1.1: an empty field names nothing and fails", fields("If-Match", ""), "412"},
		{"13.1.1: a tag without quotes is malformed and fails", fields("If-Match", "x"), "412"},
		{"13.1.1: a malformed member fails the whole list", fields("If-Match", `"x", y`), "412"},
		{"13.1.1: a malformed line fails the whole list", fields("If-Match", `"x"`, "If-Match", `"`), "412"},
		{"13.1.1: a tag that does not end fails", fields("If-Match", `"x`), "412"},
		{"13.1.1: tags without a comma between fail", fields("If-Match", `"a" "x"`), "412"},
		{"5.6.1.2: empty members are nothing", fields("If-Match", ` , ,"x",,`), "200 0+100"},
		{"8.8.3: a tag is compared in full", fields("If-Match", `"xy", "X"`), "412"},
		{"8.8.3: a space in another tag is malformed and fails", fields("If-Match", `"x", "a b"`), "412"},
		{"8.8.3: DEL in another tag is malformed and fails", fields("If-Match", "\"x\", \"a\x7f\""), "412"},
		{"8.8.3: w/ in small letters is not weak but malformed", fields("If-Match", `w/"x"`), "412"},
	})
}

func TestIfNoneMatch(t *testing.T) {
	run(t, "GET", object, []row{
		{"13.1.2: the tag is current", fields("If-None-Match", `"x"`), "304"},
		{"13.1.2: the comparison is weak", fields("If-None-Match", `W/"x"`), "304"},
		{"13.1.2: one of a list", fields("If-None-Match", `"a",W/"x" , "b"`), "304"},
		{"13.1.2: one on the second line", fields("If-None-Match", `"a"`, "If-None-Match", `"x"`), "304"},
		{"13.1.2: another tag", fields("If-None-Match", `"y"`), "200 0+100"},
		{"13.1.2: * is anything that exists", fields("If-None-Match", "*"), "304"},
		{"13.1.2: * in a list is skipped", fields("If-None-Match", `*, "y"`), "200 0+100"},
		{"13.1.2: an empty field names nothing", fields("If-None-Match", ""), "200 0+100"},
		{"13.1.2: a tag without quotes is skipped", fields("If-None-Match", "x"), "200 0+100"},
		{"13.1.2: what follows a malformed member is read", fields("If-None-Match", `x, "x"`), "304"},
		{"13.1.2: a tag that does not end is skipped", fields("If-None-Match", `"x`), "200 0+100"},
		{"13.1.2: a tag with something behind it is skipped", fields("If-None-Match", `"x"y`), "200 0+100"},
		{"13.1.2: a tag inside another's quotes is not a tag", fields("If-None-Match", `"a,"x",b"`), "200 0+100"},
		{"8.8.3: a comma inside the quotes parts nothing", fields("If-None-Match", `"a,b", "x"`), "304"},
		{"8.8.3: a space inside the quotes is malformed", fields("If-None-Match", `"x "`), "200 0+100"},
		{"8.8.3: a backslash escapes nothing", fields("If-None-Match", `"a\", "x"`), "304"},
		{"8.8.3: bytes beyond ASCII are allowed", fields("If-None-Match", "\"\xe4\xff\", \"x\""), "304"},
		{"5.6.1.2: empty members are nothing", fields("If-None-Match", "\t, ,\"x\" ,"), "304"},
	})
	s := object
	s.ETag = `"a,b"`
	run(t, "GET", s, []row{
		{"8.8.3: a tag with a comma is found", fields("If-None-Match", `"c", "a,b"`), "304"},
		{"8.8.3: half a tag with a comma is another", fields("If-None-Match", `"a", "b"`), "200 0+100"},
	})
}

func TestDates(t *testing.T) {
	run(t, "GET", object, []row{
		{"13.1.3: not modified since", fields("If-Modified-Since", same), "304"},
		{"13.1.3: not modified since a later date", fields("If-Modified-Since", after), "304"},
		{"13.1.3: modified since", fields("If-Modified-Since", before), "200 0+100"},
		{"13.1.3: ignored beside If-None-Match", fields("If-None-Match", `"y"`, "If-Modified-Since", same), "200 0+100"},
		{"13.1.3: ignored beside an If-None-Match that is malformed", fields("If-None-Match", "", "If-Modified-Since", same), "200 0+100"},
		{"13.1.3: ignored if it is no date", fields("If-Modified-Since", "today"), "200 0+100"},
		{"13.1.3: ignored if it is empty", fields("If-Modified-Since", ""), "200 0+100"},
		{"13.1.3: ignored on two lines", fields("If-Modified-Since", same, "If-Modified-Since", same), "200 0+100"},
		{"13.1.3: ignored as a list", fields("If-Modified-Since", same+", "+same), "200 0+100"},
		{"13.1.4: unmodified since", fields("If-Unmodified-Since", same), "200 0+100"},
		{"13.1.4: modified since", fields("If-Unmodified-Since", before), "412"},
		{"13.1.4: ignored beside If-Match", fields("If-Match", "*", "If-Unmodified-Since", before), "200 0+100"},
		{"13.1.4: ignored if it is no date", fields("If-Unmodified-Since", "0"), "200 0+100"},
		{"13.1.4: ignored on two lines", fields("If-Unmodified-Since", before, "If-Unmodified-Since", before), "200 0+100"},
		{"13.1.4: a range once it is passed", fields("If-Unmodified-Since", after, "Range", "bytes=0-0"), "206 0+1"},
	})
	run(t, "GET", Subject{Size: 100, ETag: `"x"`, Immutable: true}, []row{
		{"13.1.3: ignored where the date is unknown", fields("If-Modified-Since", same), "200 0+100"},
		{"13.1.4: ignored where the date is unknown", fields("If-Unmodified-Since", "Sat, 01 Jan 0000 00:00:00 GMT"), "200 0+100"},
		{"13.1.5: no date holds where the date is unknown", fields("If-Range", "Mon, 01 Jan 0001 00:00:00 GMT", "Range", "bytes=0-1"), "200 0+100"},
	})
}

func TestIfRange(t *testing.T) {
	const r = "bytes=0-1"
	run(t, "GET", object, []row{
		{"13.1.5: the tag holds", fields("Range", r, "If-Range", `"x"`), "206 0+2"},
		{"13.1.5: another tag", fields("Range", r, "If-Range", `"y"`), "200 0+100"},
		{"13.1.5: the comparison is strong", fields("Range", r, "If-Range", `W/"x"`), "200 0+100"},
		{"13.1.5: a list is not a tag", fields("Range", r, "If-Range", `"x", "y"`), "200 0+100"},
		{"13.1.5: * is not a tag", fields("Range", r, "If-Range", "*"), "200 0+100"},
		{"13.1.5: an empty field does not hold", fields("Range", r, "If-Range", ""), "200 0+100"},
		{"13.1.5: two lines do not hold", fields("Range", r, "If-Range", `"x"`, "If-Range", `"x"`), "200 0+100"},
		{"13.1.5: the date that is strong holds", fields("Range", r, "If-Range", same), "206 0+2"},
		{"13.1.5: a later date does not", fields("Range", r, "If-Range", after), "200 0+100"},
		{"13.1.5: an earlier date does not", fields("Range", r, "If-Range", before), "200 0+100"},
		{"13.1.5: what is no date does not", fields("Range", r, "If-Range", "x"), "200 0+100"},
		{"13.1.5: ignored without a Range", fields("If-Range", `"y"`), "200 0+100"},
		{"13.1.5: it fails before a range that can't be satisfied", fields("Range", "bytes=500-", "If-Range", `"y"`), "200 0+100"},
		{"13.1.5: it holds before a range that can't be satisfied", fields("Range", "bytes=500-", "If-Range", `"x"`), "416"},
	})
	s := object
	s.Immutable = false
	run(t, "GET", s, []row{
		{"8.8.2.2: a date that is weak does not hold", fields("Range", r, "If-Range", same), "200 0+100"},
		{"8.8.2.2: a tag holds where the date is weak", fields("Range", r, "If-Range", `"x"`), "206 0+2"},
	})
	run(t, "GET", Subject{Size: 100}, []row{
		{"13.1.5: nothing holds where there is no tag", fields("Range", r, "If-Range", ""), "200 0+100"},
	})
}

func TestHTTPDate(t *testing.T) {
	known := time.Date(1994, time.November, 6, 8, 49, 37, 0, time.UTC)
	for _, c := range []struct {
		name, value string
		want        string // RFC 3339, empty if it is no date
	}{
		{"5.6.7: the preferred format", "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"},
		{"5.6.7: the format of RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"},
		{"5.6.7: the format of asctime", "Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"},
		{"5.6.7: asctime with two digits", "Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37Z"},
		{"5.6.7: a wrong name of the day is forgiven", "Mon, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"},
		{"5.6.7: what names no day is not", "Xyz, 06 Nov 1994 08:49:37 GMT", ""},
		{"5.6.7: dates are case-sensitive", "sun, 06 nov 1994 08:49:37 gmt", ""},
		{"5.6.7: no zone but GMT", "Sun, 06 Nov 1994 08:49:37 UTC", ""},
		{"5.6.7: no zone but GMT in RFC 850", "Sunday, 06-Nov-94 08:49:37 EST", ""},
		{"5.6.7: no offset", "Sun, 06 Nov 1994 08:49:37 +0000", ""},
		{"5.6.7: no fraction of a second", "Sun, 06 Nov 1994 08:49:37.5 GMT", ""},
		{"5.6.7: days have two digits", "Sun, 6 Nov 1994 08:49:37 GMT", ""},
		{"5.6.7: a short name in RFC 850 is malformed", "Sun, 06-Nov-94 08:49:37 GMT", ""},
		{"5.6.7: a day that is not in the calendar", "Wed, 31 Feb 1994 08:49:37 GMT", ""},
		{"5.6.7: no day 0", "Wed, 00 Mar 1994 08:49:37 GMT", ""},
		{"5.6.7: 29 February in a leap year", "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00Z"},
		{"5.6.7: 29 February in another", "Mon, 29 Feb 1900 00:00:00 GMT", ""},
		{"5.6.7: no hour 24", "Sun, 06 Nov 1994 24:00:00 GMT", ""},
		{"5.6.7: a leap second", "Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00Z"},
		{"5.6.7: no leap second at noon", "Sat, 31 Dec 2016 12:00:60 GMT", ""},
		{"5.6.7: 50 years ahead is ahead", "Sunday, 06-Nov-44 08:49:37 GMT", "2044-11-06T08:49:37Z"},
		{"5.6.7: more than 50 years ahead is the past", "Sunday, 06-Nov-44 08:49:38 GMT", "1944-11-06T08:49:38Z"},
		{"5.6.7: two digits across the century", "Sunday, 29-Feb-00 00:00:00 GMT", "2000-02-29T00:00:00Z"},
		{"5.6.7: two digits of a year without 29 February", "Sunday, 29-Feb-01 00:00:00 GMT", ""},
		{"5.6.3: spaces around are nothing", " Sun, 06 Nov 1994 08:49:37 GMT\t", "1994-11-06T08:49:37Z"},
		{"5.6.7: seconds since 1970 are no date", "784111777", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if at, ok := date([]string{c.value}, known); ok {
				got = at.Format(time.RFC3339)
			}
			if got != c.want {
				t.Errorf("%q: got %q, want %q", c.value, got, c.want)
			}
		})
	}
}

// FuzzDate holds that every date the standard library writes is read back, and that what
// is read is one of the three formats.
func FuzzDate(f *testing.F) {
	f.Add(int64(784111777), "Sun, 06 Nov 1994 08:49:37 GMT")
	f.Fuzz(func(t *testing.T, unix int64, value string) {
		at := time.Unix(unix%(1<<36), 0).UTC() // within the years 0 to 9999
		for _, format := range []string{http.TimeFormat, time.ANSIC, "Monday, 02-Jan-06 15:04:05 GMT"} {
			if at.Year() < 0 || at.Year() > 9999 {
				break
			}
			if got, ok := date([]string{at.Format(format)}, at); !ok || !got.Equal(at) {
				t.Errorf("%s: got %v, %v", at.Format(format), got, ok)
			}
		}
		// The standard library has no leap seconds, which are read as the next minute's 0.
		got, ok := date([]string{value}, modified)
		if want, err := http.ParseTime(trim(value)); ok && got.Second() != 0 && (err != nil || want.YearDay() != got.YearDay() || want.Hour() != got.Hour()) {
			t.Errorf("%q: got %v, the standard library %v, %v", value, got, want, err)
		}
	})
}
