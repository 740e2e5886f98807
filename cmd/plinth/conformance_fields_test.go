package main

const (
	foreverCache = " | Cache-Control: public, max-age=31536000, immutable"
	briefCache   = " | Cache-Control: public, max-age=60, stale-while-revalidate=600, stale-if-error=86400"
	absentCache  = " | Cache-Control: public, max-age=5"
	manyVary     = " | Vary ~ Plinth-Class | Vary ~ Sec-CH-Viewport-Height | Vary ~ CloudFront-Is-Mobile-Viewer | Vary ~ Save-Data"
)

// fieldProbes are what answers say beside their bytes: RFC 9111, RFC 5861, RFC 9530 and
// Fetch. What all answers have is checked with every probe.
var fieldProbes = []probe{
	{"RFC 9111 5.2 and RFC 8246: a file is immutable", getting(file1), ok1 + foreverCache + ` | Last-Modified: {L1.date} | Content-Type: model/gltf-binary | Content-Length: {L1.size} | !Vary | !Content-Location | !Plinth-Reason`},
	{"RFC 9530 3: a file's digest", getting(file1), ok1 + " | Repr-Digest: sha-256=:{L1.digest}:"},
	{"RFC 9530 3: a large file's digest", getting("/o/default/{L0}/chair.glb"), "200 | Repr-Digest: sha-256=:{L0.digest}: | Content-Length: {L0.size} | = L0"},
	{"RFC 9530 3: a digest on HEAD", asking("HEAD", file1), "200 head | Repr-Digest: sha-256=:{L1.digest}:"},
	{"RFC 5861 3: a product lives for seconds, and stale while it is asked for", getting("/p/default/chair.glb?h=640"), `200 | ETag: "{L3}" | = L3` + briefCache + manyVary},
	{"RFC 5861 3: a manifest does, too", getting(manifestPath), plainJ + briefCache},
	{"RFC 9111 5.2: what is missing is missing for seconds", getting("/o/default/{absent}/chair.glb"), "404" + absentCache},
	{"RFC 9111 5.2: a product that is missing is missing for seconds", getting("/p/default/nothing.glb"), "404" + absentCache},
	{"RFC 9111 5.2: a path that is none is missing for seconds", getting("/favicon.ico"), "404" + absentCache},
	{"RFC 9111 3: a 405 is not kept", asking("PUT", file1), "405 | Cache-Control: no-store"},
	{"RFC 9111 3: a 412 is not kept", getting(file1, `If-Match: "nothing"`), "412 | Cache-Control: no-store | !ETag"},
	{"RFC 9111 3: a 416 is not kept", getting(file1, "Range: bytes=9999999-"), "416 | Cache-Control: no-store | Accept-Ranges: bytes"},
	{"RFC 9110 15.4.5: a 304 of a file has what a 200 has for caches", getting(file1, "If-None-Match: "+tag1), `304 | ETag: "{L1}"` + foreverCache},
	{"RFC 9110 15.4.5: a 304 of a product, too", getting("/p/default/chair.glb?h=640", "If-None-Match: *"), `304 | ETag: "{L3}" | Content-Location: /o/default/{L3}/chair.glb` + briefCache + manyVary},
	{"RFC 9110 15.4.5: a 304 of a manifest, too", getting(manifestPath, "If-None-Match: *"), `304 | ETag: "{J}" | Vary: Accept-Encoding` + briefCache},
	{"RFC 9110 8.7: a product names the file that it is", getting("/p/default/chair.glb?h=1152"), "200 | Content-Location: /o/default/{L2}/chair.glb | Content-Type: model/gltf-binary | = L2"},
	{"a product says why", getting("/p/default/chair.glb?h=1152"), "200 | Plinth-Reason: h=1152 level=2 px=0.80 cap=- form=universal from=query"},
	{"Server Timing 2: a product says why to scripts", getting("/p/default/chair.glb?h=1152"), `200 | Server-Timing ~ level;desc="h=1152 level=2 px=0.80`},
	{"a part of a product says why", getting("/p/default/chair.glb?h=1152", "Range: bytes=0-9"), "206 | Plinth-Reason ~ level=2 | = L2[0:10]"},
	{"Fetch 3.3.3: a request of another site", getting(file1, "Origin: https://shop.test"), ok1},
	{"Fetch 3.3.3: a request with credentials gets none of its own", getting(file1, "Origin: https://shop.test", "Cookie: a=b", "Authorization: Basic YTpi"), ok1},
	{"Fetch 3.3.3: an error is readable for scripts of other sites", getting("/p/default/nothing.glb", "Origin: https://shop.test"), "404"},
	{"RFC 9110 8.3: a picture", getting("/o/default/{L3}/chair.webp"), "200 | Content-Type: image/webp | = L3"},
	{"RFC 9110 8.3: USDZ", getting("/o/default/{L3}/chair.usdz"), "200 | Content-Type: model/vnd.usdz+zip | = L3"},
	{"RFC 9110 8.3: KTX2", getting("/o/default/{L3}/chair.ktx2"), "200 | Content-Type: image/ktx2 | = L3"},
	{"RFC 9110 8.3: PNG", getting("/o/default/{L3}/chair.png"), "200 | Content-Type: image/png | = L3"},
	{"RFC 9110 8.3: JPEG", getting("/o/default/{L3}/chair.jpg"), "200 | Content-Type: image/jpeg | = L3"},
	{"a level that is missing is another one, for a moment", getting("/p/default/hole.glb?h=1152"), "200 | Cache-Control: public, max-age=2 | Content-Location: /o/default/{L3}/hole.glb | Plinth-Reason ~ missing=2 | = L3"},
	{"a level that is there of a product with a hole", getting("/p/default/hole.glb?h=1728"), "200 | Content-Location: /o/default/{L1}/hole.glb | = L1" + briefCache},
	{"RFC 9110 15.6.4: a product of which nothing is there is 503", getting("/p/default/gone.glb"), "503 | Retry-After | Cache-Control: no-store"},
	{"a product that is being made is its source", getting("/p/default/fresh.glb"), `200 | ETag: "{S}" | Cache-Control: public, max-age=2 | Plinth-Reason ~ form=source | Repr-Digest: sha-256=:{S.digest}: | !Content-Location | = S`},
	{"a part of a source", getting("/p/default/fresh.glb", "Range: bytes=10-19"), "206 | = S[10:20]"},
	{"a source that is the same is 304", getting("/p/default/fresh.glb", `If-None-Match: "{S}"`), `304 | ETag: "{S}"`},
	{"RFC 9110 15.6.4: a source above the cap is 503", getting("/p/default/heavy.glb"), "503 | Retry-After: 2 | Cache-Control: no-store"},
	{"RFC 9110 15.6.4: a source that is no GLB is 503", getting("/p/default/text.glb"), "503 | Retry-After: 2"},
	{"RFC 9110 15.6.4: a product that failed is 503 for longer", getting("/p/default/broken.glb"), "503 | Retry-After: 60"},
	{"RFC 9110 15.6.4: a manifest that isn't made yet is 503", getting("/p/default/fresh.json"), "503 | Retry-After: 2 | Cache-Control: no-store"},
}
