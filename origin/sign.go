package origin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Keys are the secrets that a merchant's URLs are signed with, newest first: the first
// signs, all of them verify, so that keys can be changed while old URLs live. A merchant
// without keys has open URLs.
type Keys map[string][][]byte

// minKey is the least length of a key in bytes: that of what HMAC-SHA-256 makes (RFC 2104,
// section 3).
const minKey = 32

// ParseKeys reads keys from JSON: {"acme": ["base64 of at least 32 bytes", ...]}.
func ParseKeys(text []byte) (Keys, error) {
	var keys Keys
	if err := json.Unmarshal(text, &keys); err != nil {
		return nil, fmt.Errorf(`%w: keys are {"merchant": ["base64", ...]}: %w`, asset.ErrInvalid, err)
	}
	if keys == nil { // null
		return nil, fmt.Errorf("%w: there are no keys; {} says that all URLs are open", asset.ErrInvalid)
	}
	for merchant, list := range keys {
		if err := asset.CheckID(merchant); err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("%w: %s has no key; leave it out if its URLs are to be open", asset.ErrInvalid, merchant)
		}
		for _, k := range list {
			if len(k) < minKey {
				return nil, fmt.Errorf("%w: a key of %s has %d bytes, fewer than %d; make one with: openssl rand -base64 32", asset.ErrInvalid, merchant, len(k), minKey)
			}
		}
	}
	return keys, nil
}

// signature binds a path, and with it the merchant that the path names, to a time.
func signature(key []byte, merchant, path, expiry string) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range []string{"plinth-url-1", merchant, path, expiry} {
		mac.Write([]byte(part))
		mac.Write([]byte{'\n'})
	}
	return mac.Sum(nil)
}

// Sign returns path with a query that lets it be fetched until a time, to the second. What
// a device adds to the query stays free: h, form and lite choose among the levels of the
// one model that the path names.
func (k Keys) Sign(path string, until time.Time) (string, error) {
	at := routeOf(path, "")
	if at.kind == kindNone {
		return "", fmt.Errorf("%w: %.200q is no path of this origin, such as /p/acme/chair.glb", asset.ErrInvalid, path)
	}
	if len(k[at.merchant]) == 0 {
		return "", fmt.Errorf("%w: there is no key of %s", asset.ErrInvalid, at.merchant)
	}
	expiry := strconv.FormatInt(until.Unix(), 10)
	sig := signature(k[at.merchant][0], at.merchant, path, expiry)
	return path + "?exp=" + expiry + "&sig=" + base64.RawURLEncoding.EncodeToString(sig), nil
}

// verify says whether a request may have what is at a path, and for how long yet; forever
// is 0. All keys are tried, whichever fits, in constant time.
func (k Keys) verify(at route, path, query string, now time.Time) (left time.Duration, ok bool) {
	keys := k[at.merchant]
	if len(keys) == 0 {
		return 0, true
	}
	expiry, sig := parameter(query, "exp"), parameter(query, "sig")
	seconds, err := strconv.ParseInt(expiry, 10, 64)
	given, e := base64.RawURLEncoding.Strict().DecodeString(sig)
	if err != nil || e != nil || len(expiry) > 12 {
		return 0, false
	}
	for _, key := range keys {
		if hmac.Equal(signature(key, at.merchant, path, expiry), given) {
			ok = true
		}
	}
	left = time.Unix(seconds, 0).Sub(now)
	return left, ok && left > 0
}
