package main

import "strings"

func rangeOf(name, ranges string) string {
	return getting("/o/default/{"+name+"}/chair.glb", "Range: "+ranges)
}

// rangeProbes are RFC 9110, section 14.
var rangeProbes = []probe{
	{"RFC 9110 14.1.2: the first bytes", rangeOf("L1", "bytes=0-9"), "206 | Content-Range: bytes 0-9/{L1.size} | Content-Length: 10 | Content-Type: model/gltf-binary | = L1[0:10]"},
	{"RFC 9110 14.1.2: one byte", rangeOf("L1", "bytes=5-5"), "206 | Content-Range: bytes 5-5/{L1.size} | = L1[5:6]"},
	{"RFC 9110 14.1.2: bytes from the middle", rangeOf("L1", "bytes=100000-300000"), "206 | Content-Range: bytes 100000-300000/{L1.size} | = L1[100000:300001]"},
	{"RFC 9110 14.1.2: a range to the end", rangeOf("L1", "bytes=716800-"), "206 | Content-Range: bytes 716800-716802/{L1.size} | = L1[716800:716803]"},
	{"RFC 9110 14.1.2: a suffix", rangeOf("L1", "bytes=-3"), "206 | Content-Range: bytes 716800-716802/{L1.size} | = L1[716800:716803]"},
	{"RFC 9110 14.1.2: a suffix longer than the file is all of it, as a part", rangeOf("L3", "bytes=-999999"), "206 | Content-Range: bytes 0-5119/5120 | = L3"},
	{"RFC 9110 14.1.2: all of a file, as a part", rangeOf("L3", "bytes=0-"), "206 | Content-Range: bytes 0-5119/5120 | = L3"},
	{"RFC 9110 14.1.2: a last beyond the end is the end", rangeOf("L3", "bytes=5110-9999"), "206 | Content-Range: bytes 5110-5119/5120 | = L3[5110:5120]"},
	{"RFC 9110 14.1.2: a last beyond all numbers is the end", rangeOf("L3", "bytes=5110-99999999999999999999999"), "206 | Content-Range: bytes 5110-5119/5120 | = L3[5110:5120]"},
	{"RFC 9110 14.1.2: numbers may begin with zeros", rangeOf("L3", "bytes=0000000000000000000000005-007"), "206 | Content-Range: bytes 5-7/5120 | = L3[5:8]"},
	{"RFC 9110 14.2: a large file's first bytes", rangeOf("L0", "bytes=0-99"), "206 | Content-Range: bytes 0-99/{L0.size} | = L0[0:100]"},
	{"RFC 9110 14.2: a large file across blocks", rangeOf("L0", "bytes=1048000-2200000"), "206 | Content-Range: bytes 1048000-2200000/{L0.size} | = L0[1048000:2200001]"},
	{"RFC 9110 14.2: a large file's last bytes", rangeOf("L0", "bytes=-20"), "206 | Content-Range: bytes 3145725-3145744/{L0.size} | = L0[3145725:3145745]"},
	{"RFC 9110 14.2: a large file's block", rangeOf("L0", "bytes=1048576-2097151"), "206 | Content-Length: 1048576 | = L0[1048576:2097152]"},
	{"RFC 9110 15.5.17: beyond the end is 416", rangeOf("L3", "bytes=5120-"), "416 | Content-Range: bytes */5120"},
	{"RFC 9110 15.5.17: far beyond the end is 416", rangeOf("L3", "bytes=99999999999999999999999-"), "416 | Content-Range: bytes */5120"},
	{"RFC 9110 14.1.2: a suffix of no bytes is 416", rangeOf("L3", "bytes=-0"), "416 | Content-Range: bytes */5120"},
	{"RFC 9110 15.5.17: several beyond the end are 416", rangeOf("L3", "bytes=5120-5130, 6000-, -0"), "416 | Content-Range: bytes */5120"},
	{"RFC 9110 14.2: an unknown unit is ignored", rangeOf("L3", "lines=0-9"), "200 | = L3"},
	{"RFC 9110 14.1: the unit is in any case", rangeOf("L3", "BYTES=0-9"), "206 | = L3[0:10]"},
	{"RFC 9110 14.2: a unit without set is ignored", rangeOf("L3", "bytes"), "200 | = L3"},
	{"RFC 9110 14.2: an empty set is ignored", rangeOf("L3", "bytes="), "200 | = L3"},
	{"RFC 9110 14.1.1: a last before its first is ignored", rangeOf("L3", "bytes=9-0"), "200 | = L3"},
	{"RFC 9110 14.1.1: one bad member spoils the set", rangeOf("L3", "bytes=0-9, 20-10"), "200 | = L3"},
	{"RFC 9110 14.1.1: what is no number is ignored", rangeOf("L3", "bytes=a-b"), "200 | = L3"},
	{"RFC 9110 14.1.1: a negative first is ignored", rangeOf("L3", "bytes=-1-5"), "200 | = L3"},
	{"RFC 9110 14.1.1: a plus is ignored", rangeOf("L3", "bytes=+1-5"), "200 | = L3"},
	{"RFC 9110 14.1.1: a dash alone is ignored", rangeOf("L3", "bytes=-"), "200 | = L3"},
	{"RFC 9110 14.1.1: a space within a range is ignored", rangeOf("L3", "bytes=0 - 9"), "200 | = L3"},
	{"RFC 9110 14.2: two lines of Range are ignored", getting("/o/default/{L3}/chair.glb", "Range: bytes=0-9", "Range: bytes=20-29"), "200 | = L3"},
	{"RFC 9110 14.2: Range on HEAD is ignored", asking("HEAD", "/o/default/{L3}/chair.glb", "Range: bytes=0-9"), "200 head | Content-Length: 5120 | !Content-Range"},
	{"RFC 9110 14.2: Range beyond the end on HEAD is ignored", asking("HEAD", "/o/default/{L3}/chair.glb", "Range: bytes=9999-"), "200 head | Content-Length: 5120"},
	{"RFC 9110 14.1.2: a range of an empty file is 416", rangeOf("empty", "bytes=0-0"), "416 | Content-Range: bytes */0"},
	{"RFC 9110 14.2: a suffix of an empty file can't be told", rangeOf("empty", "bytes=-5"), "200 | Content-Length: 0"},
	{"RFC 9110 8.6: an empty file", getting("/o/default/{empty}/chair.glb"), "200 | Content-Length: 0 | = empty"},
	{"RFC 9110 14.6: two ranges", rangeOf("L1", "bytes=0-9, 100-119"), "206 | !Content-Range | Content-Type ~ multipart/byteranges; boundary= | = parts L1 0-9 100-119"},
	{"RFC 9110 14.6: ranges in the order in which they were asked", rangeOf("L1", "bytes=5000-5009,0-9"), "206 | = parts L1 5000-5009 0-9"},
	{"RFC 9110 14.6: a suffix among ranges", rangeOf("L1", "bytes=0-0,-1"), "206 | = parts L1 0-0 716802-716802"},
	{"RFC 9110 14.6: ranges of a large file", rangeOf("L0", "bytes=0-99,1048570-1048590,3000000-3145744"), "206 | = parts L0 0-99 1048570-1048590 3000000-3145744"},
	{"RFC 9110 15.3.7.2: what isn't there is left out", rangeOf("L3", "bytes=0-9, 20-29, 9999-"), "206 | = parts L3 0-9 20-29"},
	{"RFC 9110 15.3.7.2: one range that is left is no multipart", rangeOf("L3", "bytes=0-9, 9999-"), "206 | Content-Range: bytes 0-9/5120 | = L3[0:10]"},
	{"RFC 9110 15.3.7.2: ranges that touch are one", rangeOf("L3", "bytes=0-9,10-19"), "206 | Content-Range: bytes 0-19/5120 | = L3[0:20]"},
	{"RFC 9110 15.3.7.2: ranges that overlap are one", rangeOf("L3", "bytes=0-15,10-19"), "206 | Content-Range: bytes 0-19/5120 | = L3[0:20]"},
	{"RFC 9110 15.3.7.2: touching ones among others", rangeOf("L3", "bytes=100-109,0-9,110-119"), "206 | = parts L3 100-119 0-9"},
	{"RFC 9110 5.6.1: empty members of a set don't count", rangeOf("L3", "bytes=,0-9, ,20-29,"), "206 | = parts L3 0-9 20-29"},
	{"RFC 9110 14.2: 32 ranges are served", rangeOf("L1", "bytes="+steps(32)), "206 | Content-Type ~ multipart/byteranges"},
	{"RFC 9110 14.2: too many ranges are ignored", rangeOf("L1", "bytes="+steps(33)), "200 | = L1"},
	{"RFC 9110 17.15: many that overlap are ignored", rangeOf("L3", "bytes=0-,0-,0-,0-,0-"), "200 | = L3"},
	{"RFC 9110 17.15: ranges that are more than the file are ignored", rangeOf("L3", "bytes=0-4000,3000-5119"), "200 | = L3"},
	{"RFC 9110 14.2: a range of a product", getting("/p/default/chair.glb?h=1728", "Range: bytes=10-19"), "206 | Content-Range: bytes 10-19/{L1.size} | Content-Location: /o/default/{L1}/chair.glb | = L1[10:20]"},
	{"RFC 9110 14.2: a product beyond its end", getting("/p/default/chair.glb?h=640", "Range: bytes=9999-"), "416 | Content-Range: bytes */5120"},
	{"RFC 9110 14.2: ranges of a product", getting("/p/default/chair.glb?h=640", "Range: bytes=0-1,10-11"), "206 | = parts L3 0-1 10-11"},
	{"RFC 9110 14.2: a range of a manifest", getting("/p/default/chair.json", "Range: bytes=10-19"), "206 | Content-Range: bytes 10-19/{J.size} | Content-Type: application/json | = J[10:20]"},
	{"RFC 9110 14.2: a range of a manifest is of its coded bytes", getting("/p/default/chair.json", "Range: bytes=10-19", "Accept-Encoding: br"), "206 | Content-Range: bytes 10-19/{J.br.size} | Content-Encoding: br | = J.br[10:20]"},
	{"RFC 9110 13.1.5: a coding's tag doesn't go for another", getting("/p/default/chair.json", "Range: bytes=10-19", "Accept-Encoding: br", `If-Range: "{J.gzip}"`), "200 | = J.br"},
	{"RFC 9530 3: the digest of a part is that of the whole", rangeOf("L1", "bytes=0-9"), "206 | Repr-Digest: sha-256=:{L1.digest}:"},
	{"RFC 9110 15.3.7: a part has the fields of the whole", getting("/o/default/{L1}/chair.glb", "Range: bytes=0-9"), `206 | ETag: "{L1}" | Cache-Control ~ immutable | Last-Modified: {L1.date}`},
}

// steps are so many ranges of one byte that don't touch.
func steps(n int) string {
	var all []string
	for i := range n {
		s := strings.Repeat("0", 3) + string(rune('1'+i/10)) + string(rune('0'+i%10)) + "0"
		all = append(all, s+"-"+s)
	}
	return strings.Join(all, ",")
}
