package origin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/netip"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"
)

// verified says whether one of the values that X-Origin-Verify may have is the request's:
// only the CDN knows them, so nobody goes around it. Two let them be changed without a
// gap. Hashes are compared, which takes as long whatever was guessed. None lets all pass.
func verified(values, given []string) bool {
	if len(values) == 0 {
		return true
	}
	if len(given) != 1 {
		return false
	}
	hash := sha256.Sum256([]byte(given[0]))
	ok := 0
	for _, v := range values {
		want := sha256.Sum256([]byte(v))
		ok |= subtle.ConstantTimeCompare(want[:], hash[:])
	}
	return ok == 1
}

// limits keeps clients from having the store read more often than they may.
type limits struct {
	perSecond float64
	clients   *otter.Cache[netip.Addr, *rate.Limiter]
}

// A client may ask for a burst of so many seconds at once: a page with its products.
const burst = 4

// clientsKept bounds how many clients are remembered, and for how long: by then a bucket
// is full again.
const clientsKept = 1 << 16

func newLimits(perSecond float64) *limits {
	return &limits{perSecond, otter.Must(&otter.Options[netip.Addr, *rate.Limiter]{
		MaximumSize:      clientsKept,
		ExpiryCalculator: otter.ExpiryAccessing[netip.Addr, *rate.Limiter](2 * burst * time.Second),
	})}
}

// admit returns errTooMany for a client that asked for too much lately.
func (l *limits) admit(client netip.Addr) error {
	if l.perSecond <= 0 {
		return nil
	}
	limiter, _ := l.clients.ComputeIfAbsent(client, func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Limit(l.perSecond), max(int(burst*l.perSecond), 1)), false
	})
	if !limiter.Allow() {
		return errTooMany
	}
	return nil
}

// client is the address a request comes from. Behind a CDN, which proves itself by
// X-Origin-Verify, it is the viewer's that CloudFront tells. Of IPv6 it is the network of
// 64 bits, which one customer has.
func (o *Origin) client(q *request) netip.Addr {
	from := q.RemoteAddr
	if v := q.Header["Cloudfront-Viewer-Address"]; len(o.Verify) > 0 && len(v) == 1 {
		from = v[0]
	}
	at, err := netip.ParseAddrPort(from)
	if err != nil {
		// CloudFront writes IPv6 without brackets: address, colon, port.
		at = unbracketed(from)
	}
	addr := at.Addr().Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	return addr
}

func unbracketed(s string) netip.AddrPort {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == ':' {
			at, err := netip.ParseAddrPort("[" + s[:i] + "]:" + s[i+1:])
			if err == nil {
				return at
			}
			break
		}
	}
	return netip.AddrPort{} // all of these are one client
}
