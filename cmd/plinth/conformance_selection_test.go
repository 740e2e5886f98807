package main

// product asks for default/chair with fields of a device.
func product(query string, fields ...string) string {
	return getting("/p/default/chair.glb"+query, fields...)
}

func level(name, reason string) string {
	return "200 | Content-Location: /o/default/{" + name + "}/chair.glb | ETag: \"{" + name + "}\" | = " + name + " | Plinth-Reason ~ " + reason
}

// selectionProbes are DESIGN, section 7: which level a device is given.
var selectionProbes = []probe{
	{"a device that tells nothing gets 1152", product(""), level("L2", "h=1152 level=2 px=0.80 cap=- form=universal from=default")},
	{"h=2592 is level 0", product("?h=2592"), level("L0", "h=2592 level=0")},
	{"h=1728 is level 1", product("?h=1728"), level("L1", "h=1728 level=1")},
	{"h=640 is level 3", product("?h=640"), level("L3", "h=640 level=3")},
	{"h=1 is the coarsest", product("?h=1"), level("L3", "h=640 level=3")},
	{"a height is rounded up", product("?h=641"), level("L2", "h=1152 level=2")},
	{"a height above all is the finest", product("?h=9999"), level("L0", "h=2592 level=0")},
	{"a height of 0 is as if there were none", product("?h=0"), level("L2", "from=default")},
	{"a height that is no number is as if there were none", product("?h=abc"), level("L2", "from=default")},
	{"a negative height is as if there were none", product("?h=-640"), level("L2", "from=default")},
	{"a height with a point is as if there were none", product("?h=640.5"), level("L2", "from=default")},
	{"an empty height is as if there were none", product("?h="), level("L2", "from=default")},
	{"a height of many digits is as if there were none", product("?h=99999999999999999999"), level("L2", "from=default")},
	{"of two heights the first counts", product("?h=640&h=2592"), level("L3", "h=640")},
	{"other parameters don't matter", product("?utm=1&h=640&x"), level("L3", "h=640")},
	{"form=web", product("?form=web"), level("W2", "form=web")},
	{"form=web of a level that lacks it is the universal one", product("?h=640&form=web"), level("L3", "form=universal")},
	{"a form that nobody knows is universal", product("?form=nothing"), level("L2", "form=universal")},
	{"a form that isn't made is universal", product("?form=gpu"), level("L2", "form=universal")},
	{"lite=1 is the coarsest within two pixels", product("?lite=1&h=1152"), level("L3", "lite")},
	{"lite=0 goes before Save-Data", product("?lite=0", "Save-Data: on"), level("L2", "h=1152 level=2")},
	{"Save-Data is lite", product("?h=2592", "Save-Data: on"), level("L2", "h=2592 level=2 px=1.80 cap=- form=universal from=query lite")},
	{"a slow network is lite", product("", "ECT: 2g"), level("L3", "lite")},
	{"a fast network is not", product("", "ECT: 4g"), level("L2", "level=2")},
	{"little memory is lite", product("", "Sec-CH-Device-Memory: 2"), level("L3", "lite")},
	{"enough memory is not", product("", "Sec-CH-Device-Memory: 4"), level("L2", "level=2")},
	{"a memory that can't be read doesn't count", product("", "Device-Memory: lots"), level("L2", "level=2")},
	{"client hints: height times density", product("", "Sec-CH-Viewport-Height: 800", "Sec-CH-DPR: 2"), level("L1", "h=1728 level=1 px=0.80 cap=- form=universal from=hint")},
	{"client hints: the old DPR", product("", "Sec-CH-Viewport-Height: 800", "DPR: 3"), level("L0", "from=hint")},
	{"client hints: a height alone doesn't count", product("", "Sec-CH-Viewport-Height: 800"), level("L2", "from=default")},
	{"client hints: twice the same doesn't count", product("", "Sec-CH-Viewport-Height: 800", "Sec-CH-Viewport-Height: 800", "DPR: 3"), level("L2", "from=default")},
	{"the query goes before hints", product("?h=640", "Sec-CH-Viewport-Height: 800", "DPR: 3"), level("L3", "from=query")},
	{"hints go before CloudFront", product("", "Sec-CH-Viewport-Height: 200", "DPR: 1", "CloudFront-Is-Desktop-Viewer: true"), level("L3", "from=hint")},
	{"CloudFront: a phone", product("", "CloudFront-Is-Mobile-Viewer: true"), level("L2", "h=1152 level=2 px=0.80 cap=- form=universal from=cloudfront")},
	{"CloudFront: a tablet goes before a phone", product("", "CloudFront-Is-Mobile-Viewer: true", "CloudFront-Is-Tablet-Viewer: true"), level("L1", "from=cloudfront")},
	{"CloudFront: a desktop", product("", "CloudFront-Is-Desktop-Viewer: true"), level("L1", "from=cloudfront")},
	{"CloudFront: a television", product("", "CloudFront-Is-SmartTV-Viewer: true"), level("L0", "from=cloudfront")},
	{"CloudFront: false is not true", product("", "CloudFront-Is-Desktop-Viewer: false"), level("L2", "from=default")},
	{"the edge decided: Plinth-Class", product("", "Plinth-Class: 640"), level("L3", "from=class")},
	{"the edge decided: Plinth-Class goes before all", product("?h=2592", "Plinth-Class: 1152-lite"), level("L3", "lite")},
	{"a Plinth-Class that is none doesn't count", product("?h=640", "Plinth-Class: 1000"), level("L3", "from=query")},
	{"a device is looked at for products only", getting(file1, "Plinth-Class: 640"), ok1},
}

// nothing is the answer to what isn't there.
const nothing = "404 | Cache-Control: public, max-age=5"

// pathProbes: a path is spelled in one way, so that a cache has one copy and nothing goes
// around a rule by another spelling.
var pathProbes = []probe{
	{"RFC 3986 6: an escaped letter is another path", getting("/p/default/ch%61ir.glb"), nothing},
	{"RFC 3986 6: an escaped slash is another path", getting("/p/default%2fchair.glb"), nothing},
	{"RFC 3986 6: an escaped point is another path", getting("/p/default/chair%2Eglb"), nothing},
	{"RFC 3986 6: an escaped NUL is nothing", getting("/p/default/chair%00.glb"), nothing},
	{"RFC 3986 6: an escaped line break is nothing", getting("/p/default/chair%0d%0aX:%20y.glb"), nothing + " | !X"},
	{"RFC 3986 6: an escaped percent sign is nothing", getting("/p/default/chair%25.glb"), nothing},
	{"RFC 3986 5.2.4: dots are not followed", getting("/p/default/../default/chair.glb"), nothing},
	{"RFC 3986 5.2.4: a dot is not followed", getting("/p/./default/chair.glb"), nothing},
	{"RFC 3986 5.2.4: escaped dots are not followed", getting("/p/default/%2e%2e/default/chair.glb"), nothing},
	{"RFC 3986 5.2.4: dots beyond the root lead nowhere", getting("/../../../../etc/passwd"), nothing},
	{"RFC 3986 5.2.4: dots don't lead to another merchant", getting("/p/default/../acme/chair.glb"), nothing},
	{"a double slash is another path", getting("/p//default/chair.glb"), nothing},
	{"a double slash ahead is another path", getting("//p/default/chair.glb"), nothing},
	{"a slash at the end is another path", getting("/p/default/chair.glb/"), nothing},
	{"a path has its case", getting("/P/default/chair.glb"), nothing},
	{"a model has its case", getting("/p/default/Chair.glb"), nothing},
	{"an ending has its case", getting("/p/default/chair.GLB"), nothing},
	{"a hash has its case", getting("/o/default/{L1.upper}/chair.glb"), nothing},
	{"a hash that is too short", getting("/o/default/abc/chair.glb"), nothing},
	{"an ending that nobody knows", getting("/o/default/{L1}/chair.exe"), nothing},
	{"an ending that would be a page", getting("/o/default/{L1}/chair.html"), nothing},
	{"no ending", getting("/o/default/{L1}/chair"), nothing},
	{"an ending alone", getting("/o/default/{L1}/.glb"), nothing},
	{"no name", getting("/o/default/{L1}/"), nothing},
	{"no merchant", getting("/p/chair.glb"), nothing},
	{"an empty merchant", getting("/p//chair.glb"), nothing},
	{"a merchant of dots", getting("/p/../chair.glb"), nothing},
	{"a part too many", getting("/o/default/{L1}/x/chair.glb"), nothing},
	{"a backslash is no slash", getting(`/p\default\chair.glb`), nothing},
	{"a path that is a folder", getting("/p/default/"), nothing},
	{"the root", getting("/"), nothing},
	{"a semicolon is part of a name", getting("/p/default/chair.glb;v=1"), nothing},
	{"obs-text in a path is nothing", getting("/p/default/ch\xe4ir.glb"), nothing},
	{"a name of 129 letters is nothing", getting("/p/default/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.glb"), nothing},
	{"a file under another name is the same file", getting("/o/default/{L1}/sofa.glb"), ok1},
	{"another merchant's file", getting("/o/default/{O}/lamp.glb"), nothing},
	{"another merchant's file in its own place", getting("/o/other/{O}/lamp.glb"), "200 | = O"},
	{"a query on a file doesn't matter", getting(file1 + "?v=2"), ok1},
	{"RFC 9110 15.5.15: an empty query is none", getting(file1 + "?"), ok1},
}

// signatureProbes: acme's addresses are signed.
var signatureProbes = []probe{
	{"without signature there is nothing", getting("/p/acme/chair.glb"), nothing},
	{"without signature there is no file", getting("/o/acme/{A}/chair.glb"), nothing},
	{"a signature lets a product pass, for as long as it is good", getting("{signed}"), "200 | Cache-Control ~ public, max-age=3 | !Last-Modified | = A"},
	{"a cache keeps a signed product no longer than others", getting("{signedLong}"), "200 | Cache-Control: public, max-age=60 | = A"},
	{"a cache keeps a signed file no longer than its signature", getting("{signedFile}"), "200 | Cache-Control ~ public, max-age=35 | = A"},
	{"a 304 of a signed product is limited, too", getting("{signed}", `If-None-Match: "{A}"`), "304 | Cache-Control ~ public, max-age=3"},
	{"a part of a signed product", getting("{signedLong}", "Range: bytes=0-9"), "206 | = A[0:10]"},
	{"a signed manifest", getting("{signedJSON}"), "200 | Content-Type: application/json"},
	{"the key of before still counts", getting("{signedOld}"), "200 | = A"},
	{"another key doesn't", getting("{signedWrong}"), nothing},
	{"a signature that has expired", getting("{expired}"), nothing},
	{"a signature of another path", getting("/p/acme/chair.json?{signedLong.query}"), nothing},
	{"a signature of another file", getting("/o/acme/{L1}/chair.glb?{signedFile.query}"), nothing},
	{"a signature of another merchant opens nothing there", getting("/p/default/nothing.glb?{signedLong.query}"), nothing},
	{"a signature with another expiry", getting("/p/acme/chair.glb?exp=99999999999&{signedLong.query}"), nothing},
	{"an empty signature", getting("/p/acme/chair.glb?exp=99999999999&sig="), nothing},
	{"an expiry without signature", getting("/p/acme/chair.glb?exp=99999999999"), nothing},
	{"a signature that is no base64", getting("/p/acme/chair.glb?exp=99999999999&sig=%%%"), nothing},
	{"an escaped signature is none", getting("/p/acme/chair.glb?exp%3D99999999999&sig=AAAA"), nothing},
	{"a device adds its height to a signed address", getting("{signedLong}&h=640&form=web"), "200 | = A"},
	{"a signature on what is open doesn't matter", getting(file1 + "?exp=1&sig=x"), ok1},
	{"HEAD of what is signed", asking("HEAD", "{signedLong}"), "200 head"},
	{"HEAD without signature", asking("HEAD", "/p/acme/chair.glb"), "404 head"},
}
