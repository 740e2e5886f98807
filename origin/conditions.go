package origin

import (
	"net/http"
	"strings"
	"time"
)

// mayProceed says whether If-Match holds (RFC 9110, 13.1.1), or where there is none,
// If-Unmodified-Since (13.1.4), which is ignored unless it is one date.
//
// An If-Match that can't be read as a whole does not hold: a client that depends on
// a condition must not be served as if it had made none.
func mayProceed(h http.Header, s Subject) bool {
	if lines := h["If-Match"]; len(lines) > 0 {
		found, sound := listed(lines, s.ETag, true)
		return isStar(lines) || found && sound
	}
	since, ok := date(h["If-Unmodified-Since"], s.Modified)
	return !ok || s.Modified.Unix() <= since.Unix()
}

// isCurrent says whether If-None-Match names what is served (RFC 9110, 13.1.2), or where
// there is none, whether that is no newer than If-Modified-Since (13.1.3), which is
// ignored unless it is one date. Members of If-None-Match that can't be read are
// skipped: that costs a needless 200 at worst.
func isCurrent(h http.Header, s Subject) bool {
	if lines := h["If-None-Match"]; len(lines) > 0 {
		found, _ := listed(lines, s.ETag, false)
		return isStar(lines) || found
	}
	since, ok := date(h["If-Modified-Since"], s.Modified)
	return ok && s.Modified.Unix() <= since.Unix()
}

// rangeApplies says whether If-Range is absent or holds (RFC 9110, 13.1.5): it is this
// very entity tag, compared strongly, or this very date if that is a strong validator.
func rangeApplies(lines []string, s Subject) bool {
	switch {
	case len(lines) == 0:
		return true
	case len(lines) > 1:
		return false
	case s.ETag != "" && trim(lines[0]) == s.ETag:
		return true
	}
	at, ok := date(lines, s.Modified)
	return ok && s.Immutable && at.Unix() == s.Modified.Unix()
}

// isStar says whether a field is "*", which stands alone or is nothing.
func isStar(lines []string) bool {
	return len(lines) == 1 && trim(lines[0]) == "*"
}

// listed says whether a list of entity tags over any number of lines has etag, and
// whether all of it could be read. A strong comparison takes no weak tag (RFC 9110,
// 8.8.3.2). Empty members are allowed (5.6.1.2).
func listed(lines []string, etag string, strong bool) (found, sound bool) {
	sound = true
	for _, list := range lines {
		for list = strings.TrimLeft(list, " \t,"); list != ""; list = strings.TrimLeft(list, " \t,") {
			tag, weak, rest := cutTag(list)
			sound = sound && tag != ""
			found = found || tag != "" && tag == etag && !(weak && strong)
			list = rest
		}
	}
	return found, sound
}

// cutTag cuts the first member off a list: its opaque part with the quotes, and whether
// it is weak. If it isn't an entity tag then tag is empty, and what follows the place
// where it breaks is skipped up to a comma.
func cutTag(list string) (tag string, weak bool, rest string) {
	opaque, weak := strings.CutPrefix(list, "W/")
	n, ok := opaqueTag(opaque)
	rest = strings.TrimLeft(opaque[n:], " \t")
	if ok && (rest == "" || rest[0] == ',') {
		return opaque[:n], weak, rest
	}
	_, rest, _ = strings.Cut(rest, ",")
	return "", false, rest
}

// opaqueTag measures the opaque-tag that s begins with (RFC 9110, 8.8.3): any visible
// characters and obs-text between double quotes, commas too. If there is none, n is
// where it broke.
func opaqueTag(s string) (n int, ok bool) {
	if s == "" || s[0] != '"' {
		return 0, false
	}
	for n = 1; n < len(s); n++ {
		switch c := s[n]; {
		case c == '"':
			return n + 1, true
		case c <= ' ' || c == 0x7f:
			return n, false
		}
	}
	return n, false
}

// trim takes optional whitespace (RFC 9110, 5.6.3) from both ends.
func trim(s string) string {
	return strings.Trim(s, " \t")
}

// date reads a field that is one HTTP-date, in any of its three formats (RFC 9110,
// 5.6.7). The name of the day need be one, not the right one. There is no date where
// the modification is unknown, for then it is to be ignored (13.1.3, 13.1.4).
func date(lines []string, modified time.Time) (time.Time, bool) {
	if len(lines) != 1 || modified.IsZero() {
		return time.Time{}, false
	}
	v := trim(lines[0])
	switch {
	case shaped(v, "???, dd ??? dddd dd:dd:dd GMT"): // IMF-fixdate
		return instant(index(days, v[:3]), number(v[12:16]), v[8:11], v[5:7], v[17:25])
	case shaped(v, "??? ??? _d dd:dd:dd dddd"): // asctime
		return instant(index(days, v[:3]), number(v[20:24]), v[4:7], v[8:10], v[11:19])
	}
	name, v, _ := strings.Cut(v, ",")
	if !shaped(v, " dd-???-dd dd:dd:dd GMT") {
		return time.Time{}, false
	}
	return shortYear(index(longDays, name), number(v[8:10]), v[4:7], v[1:3], v[11:19], modified)
}

// shortYear reads an RFC 850 date, whose year has two digits: the latest that is not
// more than 50 years ahead. RFC 9110 counts from today; here it is from when the object
// was modified, so that an answer depends on no clock. The two readings differ only for
// years that have become 50 years old since then and that today would be far in the
// future; those are taken for the past, which means 200 and 412, the careful answers.
func shortYear(day, year int, month, dayOfMonth, clock string, modified time.Time) (t time.Time, ok bool) {
	modified = modified.UTC()
	limit := modified.AddDate(50, 0, 0)
	for year += limit.Year() - limit.Year()%100; ; year -= 100 {
		if t, ok = instant(day, year, month, dayOfMonth, clock); !t.After(limit) {
			return t, ok
		}
	}
}

const (
	days     = "Mon Tue Wed Thu Fri Sat Sun"
	longDays = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
	months   = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
)

// instant puts a date together, whose numbers are digits, and checks that the calendar
// has it. A leap second (23:59:60) is the first of the next day.
func instant(day, year int, month, dayOfMonth, clock string) (time.Time, bool) {
	m, d := index(months, month), number(strings.TrimPrefix(dayOfMonth, " "))
	hour, minute, second := number(clock[:2]), number(clock[3:5]), number(clock[6:])
	t := time.Date(year, time.Month(m+1), d, hour, minute, second, 0, time.UTC)
	onClock := hour < 24 && minute < 60 && second < 60 || clock == "23:59:60"
	onCalendar := d == time.Date(year, time.Month(m+1), d, 0, 0, 0, 0, time.UTC).Day()
	return t, day >= 0 && m >= 0 && onClock && onCalendar
}

// shaped says whether s looks like pattern, where d is a digit, _ a digit or a space,
// ? anything, and the rest itself.
func shaped(s, pattern string) bool {
	if len(s) != len(pattern) {
		return false
	}
	for i := range len(s) {
		digit := '0' <= s[i] && s[i] <= '9'
		switch p := pattern[i]; {
		case p == '?' || p == s[i] && p != 'd' && p != '_':
		case p == 'd' && digit || p == '_' && (digit || s[i] == ' '):
		default:
			return false
		}
	}
	return true
}

// index is the place of a word in a list of words with spaces between, or -1.
func index(words, word string) int {
	i := 0
	for w := range strings.SplitSeq(words, " ") {
		if w == word {
			return i
		}
		i++
	}
	return -1
}

// number is the value of a few digits.
func number(digits string) int {
	n := 0
	for _, c := range []byte(digits) {
		n = 10*n + int(c-'0')
	}
	return n
}
