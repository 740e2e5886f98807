package main

const (
	file1 = "/o/default/{L1}/chair.glb"
	tag1  = `"{L1}"`
)

// ok1 and same1 are the whole of L1, and word that nothing changed.
const (
	ok1   = `200 | ETag: "{L1}" | = L1`
	same1 = `304 | ETag: "{L1}" | Cache-Control ~ immutable`
)

// conditionProbes are RFC 9110, section 13.
var conditionProbes = []probe{
	{"RFC 9110 13.1.1: If-Match that holds", getting(file1, "If-Match: "+tag1), ok1},
	{"RFC 9110 13.1.1: If-Match that fails is 412", getting(file1, `If-Match: "nothing"`), "412"},
	{"RFC 9110 13.1.1: If-Match: * holds for what is there", getting(file1, "If-Match: *"), ok1},
	{"RFC 9110 13.1.1: If-Match: * doesn't make a file", getting("/o/default/{absent}/chair.glb", "If-Match: *"), "404"},
	{"RFC 9110 13.1.1: If-Match as a list", getting(file1, `If-Match: "a", `+tag1+`, "b"`), ok1},
	{"RFC 9110 13.1.1: If-Match in several lines", getting(file1, `If-Match: "a"`, "If-Match: "+tag1), ok1},
	{"RFC 9110 13.1.1: If-Match in several lines that fails", getting(file1, `If-Match: "a"`, `If-Match: "b"`), "412"},
	{"RFC 9110 13.1.1: If-Match compares strongly", getting(file1, "If-Match: W/"+tag1), "412"},
	{"RFC 9110 13.1.1: If-Match that can't be read fails", getting(file1, "If-Match: {L1}"), "412"},
	{"RFC 9110 13.1.1: an empty If-Match fails", getting(file1, "If-Match:"), "412"},
	{"RFC 9110 8.8.3: a tag may have a comma in it", getting(file1, `If-Match: "a,b", `+tag1), ok1},
	{"RFC 9110 5.6.1: a list may have empty members", getting(file1, `If-Match: , ,`+tag1+`,,`), ok1},
	{"RFC 9110 13.1.1: If-Match goes for HEAD", asking("HEAD", file1, `If-Match: "nothing"`), "412 head"},
	{"RFC 9110 13.1.2: If-None-Match that is the same is 304", getting(file1, "If-None-Match: "+tag1), same1},
	{"RFC 9110 13.1.2: If-None-Match that is another", getting(file1, `If-None-Match: "nothing"`), ok1},
	{"RFC 9110 13.1.2: If-None-Match compares weakly", getting(file1, "If-None-Match: W/"+tag1), same1},
	{"RFC 9110 13.1.2: If-None-Match: *", getting(file1, "If-None-Match: *"), same1},
	{"RFC 9110 13.1.2: If-None-Match as a list", getting(file1, `If-None-Match: "a", W/"b",`+tag1), same1},
	{"RFC 9110 13.1.2: If-None-Match in a second line counts", getting(file1, `If-None-Match: "a"`, "If-None-Match: "+tag1), same1},
	{"RFC 9110 13.1.2: If-None-Match in a third line counts", getting(file1, `If-None-Match: "a"`, `If-None-Match: "b"`, "If-None-Match: W/"+tag1), same1},
	{"RFC 9110 13.1.2: a tag without quotes is none", getting(file1, "If-None-Match: {L1}"), ok1},
	{"RFC 9110 13.1.2: weak is a capital W", getting(file1, "If-None-Match: w/"+tag1), ok1},
	{"RFC 9110 8.8.3: tags are compared by their case", getting(file1, `If-None-Match: "{L1.upper}"`), ok1},
	{"RFC 9110 13.1.2: HEAD is 304, too", asking("HEAD", file1, "If-None-Match: "+tag1), "304 head"},
	{"RFC 9110 13.1.3: If-Modified-Since that date is 304", getting(file1, "If-Modified-Since: {L1.date}"), same1},
	{"RFC 9110 13.1.3: If-Modified-Since a later date is 304", getting(file1, "If-Modified-Since: {L1.after}"), same1},
	{"RFC 9110 13.1.3: If-Modified-Since an earlier date", getting(file1, "If-Modified-Since: {L1.before}"), ok1},
	{"RFC 9110 5.6.7: a date of RFC 850", getting(file1, "If-Modified-Since: {L1.rfc850}"), same1},
	{"RFC 9110 5.6.7: a date of asctime", getting(file1, "If-Modified-Since: {L1.asctime}"), same1},
	{"RFC 9110 13.1.3: what is no date is ignored", getting(file1, "If-Modified-Since: tomorrow"), ok1},
	{"RFC 9110 5.6.7: a date in another zone is none", getting(file1, "If-Modified-Since: Mon, 01 Jan 2035 00:00:00 PST"), ok1},
	{"RFC 9110 13.1.3: two dates are ignored", getting(file1, "If-Modified-Since: {L1.after}", "If-Modified-Since: {L1.after}"), ok1},
	{"RFC 9110 13.1.3: If-None-Match goes before If-Modified-Since", getting(file1, `If-None-Match: "nothing"`, "If-Modified-Since: {L1.after}"), ok1},
	{"RFC 9110 13.1.3: HEAD is 304 by date, too", asking("HEAD", file1, "If-Modified-Since: {L1.date}"), "304 head"},
	{"RFC 9110 13.1.4: If-Unmodified-Since that date holds", getting(file1, "If-Unmodified-Since: {L1.date}"), ok1},
	{"RFC 9110 13.1.4: If-Unmodified-Since an earlier date is 412", getting(file1, "If-Unmodified-Since: {L1.before}"), "412"},
	{"RFC 9110 13.1.4: what is no date is ignored", getting(file1, "If-Unmodified-Since: yesterday"), ok1},
	{"RFC 9110 13.1.4: If-Match goes before If-Unmodified-Since", getting(file1, "If-Match: "+tag1, "If-Unmodified-Since: {L1.before}"), ok1},
	{"RFC 9110 13.2.2: If-Match that fails goes before If-None-Match", getting(file1, `If-Match: "nothing"`, "If-None-Match: "+tag1), "412"},
	{"RFC 9110 13.2.2: If-None-Match counts where If-Match holds", getting(file1, "If-Match: "+tag1, "If-None-Match: "+tag1), same1},
	{"RFC 9110 13.2.2: If-Unmodified-Since that fails goes before If-None-Match", getting(file1, "If-Unmodified-Since: {L1.before}", "If-None-Match: "+tag1), "412"},
	{"RFC 9110 13.2.2: If-None-Match goes before Range", getting(file1, "If-None-Match: "+tag1, "Range: bytes=0-9"), same1},
	{"RFC 9110 13.2.2: a 304 goes before a 416", getting(file1, "If-None-Match: "+tag1, "Range: bytes=9999999-"), same1},
	{"RFC 9110 13.2.1: conditions don't touch a 404", getting("/o/default/{absent}/chair.glb", `If-None-Match: "{absent}"`), "404"},
	{"RFC 9110 13.1.1: a product by its tag", getting("/p/default/chair.glb?h=1728", `If-Match: "{L1}"`), "200 | = L1"},
	{"RFC 9110 13.1.2: a product that is the same is 304", getting("/p/default/chair.glb?h=1728", `If-None-Match: "{L1}"`), `304 | ETag: "{L1}" | Content-Location: /o/default/{L1}/chair.glb | Vary | Cache-Control ~ stale-while-revalidate`},
	{"RFC 9110 13.1.2: a product of another level is not the same", getting("/p/default/chair.glb?h=640", `If-None-Match: "{L1}"`), "200 | = L3"},
	{"RFC 9110 13.1.3: a product's address has no date, so none counts", getting("/p/default/chair.glb?h=640", "If-Modified-Since: {L3.after}"), "200 | = L3 | !Last-Modified"},
	{"RFC 9110 13.1.2: a manifest that is the same is 304", getting("/p/default/chair.json", `If-None-Match: "{J}"`), `304 | ETag: "{J}" | Vary: Accept-Encoding`},
	{"RFC 9110 13.1.3: a manifest by its date", getting("/p/default/chair.json", "If-Modified-Since: {J.date}"), "304"},
	{"RFC 9110 13.1.3: a manifest by an earlier date", getting("/p/default/chair.json", "If-Modified-Since: {J.before}"), "200 | = J"},
	{"RFC 9110 13.1.4: a manifest by a later date", getting("/p/default/chair.json", "If-Unmodified-Since: {J.after}"), "200 | = J"},
	{"RFC 9110 13.1.1: a manifest by another tag is 412", getting("/p/default/chair.json", `If-Match: "{L1}"`), "412"},
	{"RFC 9110 13.1.5: If-Range with the tag", getting(file1, "If-Range: "+tag1, "Range: bytes=0-9"), "206 | = L1[0:10]"},
	{"RFC 9110 13.1.5: If-Range with another tag gives all", getting(file1, `If-Range: "nothing"`, "Range: bytes=0-9"), ok1},
	{"RFC 9110 13.1.5: If-Range with a weak tag gives all", getting(file1, "If-Range: W/"+tag1, "Range: bytes=0-9"), ok1},
	{"RFC 9110 13.1.5: If-Range with the very date, which is strong here", getting(file1, "If-Range: {L1.date}", "Range: bytes=0-9"), "206 | = L1[0:10]"},
	{"RFC 9110 13.1.5: If-Range with a later date gives all", getting(file1, "If-Range: {L1.after}", "Range: bytes=0-9"), ok1},
	{"RFC 9110 13.1.5: If-Range with what is neither gives all", getting(file1, "If-Range: soon", "Range: bytes=0-9"), ok1},
	{"RFC 9110 13.1.5: If-Range without Range is ignored", getting(file1, `If-Range: "nothing"`), ok1},
	{"RFC 9110 13.1.5: If-Range that fails goes before a 416", getting(file1, `If-Range: "nothing"`, "Range: bytes=9999999-"), ok1},
	{"RFC 9110 13.1.5: the date of a manifest is weak: If-Range gives all", getting("/p/default/chair.json", "If-Range: {J.date}", "Range: bytes=0-9"), "200 | = J"},
}
