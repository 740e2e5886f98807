package config

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

var (
	tagText    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,120}$`)
	domainText = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$`)
	zoneText   = regexp.MustCompile(`^Z[A-Z0-9]{8,30}$`)
	mailText   = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	regionText = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	albText    = regexp.MustCompile(`^arn:aws:elasticloadbalancing:([a-z0-9-]+):[0-9]{12}:loadbalancer/app/[A-Za-z0-9-]+/[0-9a-f]{16}$`)
)

// retentions are the days that CloudWatch keeps logs for, up to a year.
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365}

// sizes are the memory sizes in MiB of Fargate for each CPU size: least, most, step.
var sizes = map[int][3]int{
	256: {512, 2048, 512}, 512: {1024, 4096, 1024}, 1024: {2048, 8192, 1024}, 2048: {4096, 16384, 1024},
	4096: {8192, 30720, 1024}, 8192: {16384, 61440, 4096}, 16384: {32768, 122880, 8192},
}

// findings are faults of a configuration: each says the field, what it is, what it has to be.
type findings []error

func (f *findings) unless(ok bool, format string, args ...any) {
	if !ok {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

// Check returns all faults at once, each with its field.
func (c *Config) Check() error {
	var f findings
	f.unless(slices.Contains(Envs, c.Env), "env is %q, not one of %q", c.Env, Envs)
	f.unless(regionText.MatchString(c.Region), "region is %q, not one like us-east-1", c.Region)
	f.unless(len(c.Zones) == 3, "zones are %q, not three: one of them may fail, and two may not carry half each", c.Zones)
	for i, z := range c.Zones {
		f.unless(strings.HasPrefix(z, c.Region) && len(z) == len(c.Region)+1 && !slices.Contains(c.Zones[:i], z), "zones: %q is no zone of %s of its own", z, c.Region)
	}
	f.unless(mailText.MatchString(c.Alerts), "alerts is %q, not a mail address", c.Alerts)
	f.unless(c.Budget > 0, "budget is %d, not dollars a month", c.Budget)
	f.unless(c.Image.Repository != "", "image.repository is empty")
	f.unless(tagText.MatchString(c.Image.Tag) && c.Image.Tag != "latest", "image.tag is %q, not a tag of one release", c.Image.Tag)
	f.unless(domainText.MatchString(c.Domain.Name), "domain.name is %q, not a domain", c.Domain.Name)
	f.unless(zoneText.MatchString(c.Domain.ZoneID), "domain.zoneID is %q, not the ID of a hosted zone, like Z0123456789ABCDEFGHIJ", c.Domain.ZoneID)
	cidr, err := netip.ParsePrefix(c.Network.CIDR)
	f.unless(err == nil && cidr.Addr().IsPrivate() && cidr.Masked() == cidr && cidr.Bits() >= 16 && cidr.Bits() <= 20, "network.cidr is %q, not a private network from /16 to /20", c.Network.CIDR)
	f.unless(strings.HasPrefix(c.Network.EdgePrefixList, "pl-"), "network.edgePrefixList is %q, not a prefix list, like pl-3b927c52", c.Network.EdgePrefixList)
	f.unless(slices.Contains(retentions, c.Keep.Logs), "keep.logs is %d days, not one of %d", c.Keep.Logs, retentions)
	f.unless(c.Keep.Backups >= 1 && c.Keep.Backups <= 35, "keep.backups is %d days, not 1 to 35", c.Keep.Backups)
	f.unless(c.Keep.Noncurrent >= 1, "keep.noncurrent is %d days, less than 1", c.Keep.Noncurrent)
	f.unless(c.Keep.Raw >= 1, "keep.raw is %d days, less than 1", c.Keep.Raw)
	c.checkFleet(&f)
	c.checkOrigin(&f)
	c.checkLedger(&f)
	c.checkPlaces(&f)
	return errors.Join(f...)
}

func (c *Config) checkFleet(f *findings) {
	w := &c.Fleet
	task(f, "fleet", w.CPU, w.MemoryMiB)
	f.unless(w.ScratchGiB >= 21 && w.ScratchGiB <= 200, "fleet.scratchGiB is %d, not 21 to 200", w.ScratchGiB)
	f.unless(w.Min >= 0 && w.Max >= max(w.Min, 1), "fleet: from %d to %d tasks", w.Min, w.Max)
	f.unless(w.OnDemand >= 0 && w.OnDemand <= w.Max, "fleet.onDemand is %d of at most %d tasks", w.OnDemand, w.Max)
	f.unless(w.Backlog > 0, "fleet.backlog is %g jobs for a task", w.Backlog)
	if l := w.Large; l != nil {
		f.unless(strings.Contains(l.Instance, "g.") || strings.Contains(l.Instance, "gd."), "fleet.large.instance is %q, not of arm64, such as r8g.4xlarge", l.Instance)
		f.unless(l.CPU >= 1024 && l.MemoryMiB >= 1024 && l.Max >= 1, "fleet.large: tasks of %d CPU units and %d MiB, at most %d machines", l.CPU, l.MemoryMiB, l.Max)
	}
}

func (c *Config) checkOrigin(f *findings) {
	o := &c.Origin
	task(f, "origin", o.CPU, o.MemoryMiB)
	f.unless(o.CacheMiB >= 64 && o.CacheMiB+256 <= o.MemoryMiB, "origin.cacheMiB is %d of %d MiB, of which 256 are for all else", o.CacheMiB, o.MemoryMiB)
	f.unless(o.DiskGiB >= 1 && o.DiskGiB <= 180, "origin.diskGiB is %d, not 1 to 180", o.DiskGiB)
	f.unless(o.PerZone >= 1 && o.Max >= o.PerZone*len(c.Zones), "origin: %d tasks in each of %d zones, at most %d", o.PerZone, len(c.Zones), o.Max)
	f.unless(c.Env != "prod" || o.PerZone >= 2, "origin.perZone is %d: in prod a zone has two, so that one can be replaced", o.PerZone)
	f.unless(o.Requests >= 1, "origin.requests is %d a minute", o.Requests)
}

func (c *Config) checkLedger(f *findings) {
	l := &c.Ledger
	f.unless(l.Instances >= 0 && l.Instances <= 15, "ledger.instances is %d, not 0 to 15", l.Instances)
	f.unless(c.Env != "prod" || l.Instances >= 2, "ledger.instances is %d: prod has one to fail over to", l.Instances)
	f.unless(l.Instances == 0 || l.MinACU >= 0.5 && l.MaxACU >= max(l.MinACU, 1) && l.MaxACU <= 256, "ledger: from %g to %g capacity units, not from 0.5 to 256", l.MinACU, l.MaxACU)
	f.unless(l.Snapshot == "" || strings.HasPrefix(l.Snapshot, "arn:aws:"), "ledger.snapshot is %q, not an ARN", l.Snapshot)
}

// checkPlaces checks what is where: edge, standby, primary.
func (c *Config) checkPlaces(f *findings) {
	f.unless((c.Primary != "") == (c.Env == "dr"), "primary is %q: dr stands in for another, and nobody else does", c.Primary)
	f.unless(c.Uploads || c.Primary != "", "uploads is off: only a standby waits")
	f.unless(c.Primary != c.Env, "primary is %q itself", c.Primary)
	f.unless((c.Edge == nil) == (c.Primary != ""), "edge: one installation has it, and its standby does not")
	if e := c.Edge; e != nil {
		f.unless(c.Region == "us-east-1", "region is %s: the edge's certificate and firewall live in us-east-1, and so does what has an edge", c.Region)
		f.unless(slices.Contains([]string{"PriceClass_100", "PriceClass_200", "PriceClass_All"}, e.PriceClass), "edge.priceClass is %q, not PriceClass_100, _200 or _All", e.PriceClass)
		f.unless(e.Rate >= 100 && e.Rate <= 2_000_000_000, "edge.rate is %d requests in five minutes, not 100 to 2e9", e.Rate)
		block, rest := pem.Decode([]byte(e.SigningKey))
		f.unless(e.SigningKey == "" || block != nil && block.Type == "PUBLIC KEY" && len(rest) == 0, "edge.signingKey is not one PEM block, PUBLIC KEY")
	}
	if s := c.Standby; s != nil {
		f.unless(regionText.MatchString(s.Region) && s.Region != c.Region, "standby.region is %q, not another region", s.Region)
		f.unless(slices.Contains(Envs, s.Env) && s.Env != c.Env, "standby.env is %q, not another installation", s.Env)
		m := albText.FindStringSubmatch(s.LoadBalancer)
		f.unless(s.LoadBalancer == "" || m != nil && m[1] == s.Region, "standby.loadBalancer is %q, not the ARN of an application load balancer in %s", s.LoadBalancer, s.Region)
	}
}

func task(f *findings, what string, cpu, memory int) {
	s, ok := sizes[cpu]
	f.unless(ok && memory >= s[0] && memory <= s[1] && (memory-s[0])%s[2] == 0 || cpu == 256 && memory == 1024,
		"%s: Fargate has no tasks of %d CPU units and %d MiB", what, cpu, memory)
}
