package scale

import (
	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/infra/names"
)

// Requests is what became of a trace of requests at the edge.
type Requests struct {
	Total    float64
	AtOrigin float64
	Shed     float64 // of those at the origin, that got 503
	Full     int     // minutes in which some were shed
	Origins  int     // at most
	Hours    float64 // of origins
}

// Misses is how much of the edge's traffic an origin sees. While a sale begins the products
// are cold: the share is larger for a minute, and falls as caches fill.
type Misses struct {
	Warm float64 // share, at other times
	Cold float64 // share in the minute in which traffic doubles or more
}

// Origin runs origins, each of which takes so many requests a minute at most, against
// requests at the edge by the minute. What is more is answered by 503 and Retry-After: shed.
func Origin(c *config.Config, most float64, misses Misses, edge []float64) Requests {
	least := c.Origin.PerZone * len(c.Zones)
	p := Policy{Target: float64(c.Origin.Requests), Min: least, Max: c.Origin.Max, Out: up(names.OriginsOut), In: up(names.OriginsIn)}
	t := tasks{running: least}
	var r Requests
	share := misses.Warm
	for m, n := range edge {
		t.minute()
		share = misses.Warm + (share-misses.Warm)/2
		if m > 0 && n >= 2*edge[m-1] && n > 0 {
			share = misses.Cold
		}
		came := n * share
		shed := max(came-float64(t.running)*most, 0)
		r.Total, r.AtOrigin, r.Shed = r.Total+n, r.AtOrigin+came, r.Shed+shed
		if shed > 0 {
			r.Full++
		}
		r.Origins, r.Hours = max(r.Origins, t.running), r.Hours+float64(t.all())/60
		t.want(p.Observe(came/float64(max(t.running, 1)), t.all()))
	}
	return r
}
