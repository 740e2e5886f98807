package main

const allow = " | Allow: GET, HEAD, OPTIONS"

// methodProbes are RFC 9110, section 9, and preflights (Fetch, section 3.3).
var methodProbes = []probe{
	{"RFC 9110 9.3.1: GET", getting("/o/default/{L2}/chair.glb"), "200 | = L2"},
	{"RFC 9110 9.3.2: HEAD has the length and no body", asking("HEAD", "/o/default/{L2}/chair.glb"), "200 head | Content-Length: {L2.size}"},
	{"RFC 9110 9.3.2: HEAD of a large file", asking("HEAD", "/o/default/{L0}/chair.glb"), "200 head | Content-Length: {L0.size}"},
	{"RFC 9110 9.3.2: HEAD of what is missing has no body", asking("HEAD", "/o/default/{absent}/chair.glb"), "404 head"},
	{"RFC 9110 9.3.2: HEAD of a product names the level", asking("HEAD", "/p/default/chair.glb?h=640"), "200 head | Content-Location: /o/default/{L3}/chair.glb | Content-Length: {L3.size}"},
	{"RFC 9110 15.5.6: POST is 405 and says what is allowed", asking("POST", "/o/default/{L2}/chair.glb"), "405" + allow},
	{"RFC 9110 15.5.6: PUT is 405", asking("PUT", "/o/default/{L2}/chair.glb"), "405" + allow},
	{"RFC 9110 15.5.6: DELETE is 405", asking("DELETE", "/p/default/chair.glb"), "405" + allow},
	{"RFC 9110 15.5.6: PATCH is 405", asking("PATCH", "/p/default/chair.json"), "405" + allow},
	{"RFC 9110 9.3.8: TRACE is 405 and echoes nothing", asking("TRACE", "/o/default/{L2}/chair.glb", "Cookie: secret"), "405" + allow},
	{"RFC 9110 15.5.6: DELETE of what is missing is 405, too", asking("DELETE", "/o/default/{absent}/chair.glb"), "405" + allow},
	{"RFC 9110 15.6.2: a method that nobody knows is 501", asking("BREW", "/o/default/{L2}/chair.glb"), "501"},
	{"RFC 9110 15.6.2: a long method is 501", asking("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/o/default/{L2}/chair.glb"), "501"},
	{"RFC 9110 9.3.7: OPTIONS says what is allowed", asking("OPTIONS", "/o/default/{L2}/chair.glb"), "204" + allow},
	{"Fetch 3.3.3: a preflight lets ranges and conditions pass", asking("OPTIONS", "/p/default/chair.glb", "Origin: https://shop.test", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: range,if-none-match"), "204 | Access-Control-Allow-Methods ~ GET | Access-Control-Allow-Headers ~ Range | Access-Control-Allow-Headers ~ If-None-Match | Access-Control-Max-Age: 86400"},
	{"Fetch 3.3.3: a preflight of what needs a signature is answered", asking("OPTIONS", "/p/acme/chair.glb", "Origin: https://shop.test", "Access-Control-Request-Method: GET"), "204 | Access-Control-Allow-Methods ~ GET"},
	{"Fetch 3.3.3: a preflight of what is missing is answered", asking("OPTIONS", "/p/default/nothing.glb", "Origin: https://shop.test", "Access-Control-Request-Method: GET"), "204"},
	{"/healthz is ok", getting("/healthz"), "200 raw | Cache-Control: no-store | Content-Length: 3"},
	{"/healthz answers HEAD", asking("HEAD", "/healthz"), "200 raw head | Content-Length: 3"},
	{"/healthz takes no POST", asking("POST", "/healthz"), "405 raw | Allow: GET, HEAD"},
	{"/readyz is ok", getting("/readyz"), "200 raw | Cache-Control: no-store"},
	{"/metrics is in Prometheus' format", getting("/metrics"), "200 raw | Content-Type ~ text/plain"},
	{"a path beneath /healthz is nothing", getting("/healthz/x"), "404"},
}
