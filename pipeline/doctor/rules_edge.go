package doctor

import (
	"fmt"
	"slices"
	"strings"
)

var distributions = []string{"AWS::CloudFront::Distribution"}

var edgeRules = []Rule{
	{
		ID: "cdn-tls", Pillar: Security, Severity: Error, types: distributions,
		Title: "the edge speaks TLS older than 1.2", Do: "set MinimumProtocolVersion to TLSv1.2_2021, with a certificate of your own", check: cdnTLS,
	},
	{
		ID: "cdn-http", Pillar: Security, Severity: Error, types: distributions,
		Title: "the edge answers without TLS", Do: "set ViewerProtocolPolicy to redirect-to-https or https-only", check: cdnHTTP,
	},
	{
		ID: "cdn-origin-http", Pillar: Security, Severity: Warning, types: distributions,
		Title: "the edge fetches over the internet without TLS 1.2", Do: "set OriginProtocolPolicy to https-only and OriginSSLProtocols to TLSv1.2, or use a VPC origin", check: cdnOriginHTTP,
	},
	{
		ID: "cdn-waf", Pillar: Security, Severity: Error, types: distributions,
		Title: "no firewall stands before the edge", Do: "set WebACLId",
		check: func(_ *Estate, r *Resource) string {
			acl := r.at("DistributionConfig", "WebACLId")
			return unless(acl.there() && acl.pattern() != "", "it has no web ACL")
		},
	},
	{
		ID: "cdn-logs", Pillar: Security, Severity: Warning, types: distributions,
		Title: "what the edge answers isn't logged", Do: "set Logging, or deliver access logs by AWS::Logs::DeliverySource",
		check: func(e *Estate, r *Resource) string {
			delivered := slices.ContainsFunc(e.of("AWS::Logs::DeliverySource"), func(d *Resource) bool { return linked(d.at("ResourceArn"), r) })
			return unless(delivered || r.at("DistributionConfig", "Logging", "Bucket").there(), "there is no access log")
		},
	},
	{
		ID: "cdn-compress", Pillar: Performance, Severity: Note, types: distributions,
		Title: "text leaves the edge uncompressed", Do: "set Compress for scripts, styles and JSON; models are compressed already", check: cdnCompress,
	},
	{
		ID: "cdn-oac", Pillar: Security, Severity: Error, types: distributions,
		Title: "the edge reads a bucket without origin access control", Do: "set OriginAccessControlId, and leave OriginAccessIdentity empty", check: cdnOAC,
	},
	{
		ID: "cdn-failover", Pillar: Availability, Severity: Warning, types: distributions,
		Title: "the edge has nowhere to turn to when an origin fails", Do: "put a second origin beside it in OriginGroups, and send requests to the group", check: cdnFailover,
	},
	{
		ID: "cdn-shield", Pillar: Cost, Severity: Note, types: distributions,
		Title: "each edge fetches for itself", Do: "enable OriginShield at one origin or more: one cache before it fetches once for all",
		check: func(_ *Estate, r *Resource) string {
			shielded := slices.ContainsFunc(r.at("DistributionConfig", "Origins").each(), func(o value) bool { return o.at("OriginShield", "Enabled").yes() })
			return unless(shielded, "no origin has a shield")
		},
	},
	{
		ID: "cdn-http3", Pillar: Performance, Severity: Note, types: distributions,
		Title: "the edge doesn't speak HTTP/3", Do: "set HttpVersion to http2and3: phones lose fewer round trips",
		check: func(_ *Estate, r *Resource) string {
			return unless(strings.HasSuffix(r.at("DistributionConfig", "HttpVersion").text(), "3"), "HttpVersion has no 3 in it")
		},
	},
	{
		ID: "cdn-certificate", Pillar: Availability, Severity: Error, types: distributions,
		Title: "CloudFront can't use a certificate", Do: "make the certificate in us-east-1, the only region CloudFront looks in", check: cdnCertificate,
	},
	{
		ID: "cdn-behaviors", Pillar: Limits, Severity: Warning, types: distributions,
		Title: "a distribution nears its number of behaviors", Do: "merge path patterns, or ask for more than 75",
		check: func(_ *Estate, r *Resource) string {
			n := len(behaviors(r))
			return unless(n < 60, fmt.Sprintf("%d behaviors of 75", n))
		},
	},
	{
		ID: "certificate-dns", Pillar: Availability, Severity: Warning, types: []string{"AWS::CertificateManager::Certificate"},
		Title: "a certificate waits for somebody's mail each time it is renewed", Do: "set ValidationMethod to DNS",
		check: func(_ *Estate, r *Resource) string {
			return unless(r.at("ValidationMethod").text() == "DNS", "it isn't validated by DNS")
		},
	},
}

func cdnTLS(_ *Estate, r *Resource) string {
	v := r.at("DistributionConfig", "ViewerCertificate", "MinimumProtocolVersion").text()
	if v == "" {
		return "no MinimumProtocolVersion is set, which is TLSv1"
	}
	return unless(strings.HasPrefix(v, "TLSv1.2") || strings.HasPrefix(v, "TLSv1.3"), fmt.Sprintf("MinimumProtocolVersion is %.40s", v))
}

// behaviors are the default and those of paths.
func behaviors(r *Resource) []value {
	d := r.at("DistributionConfig")
	return append([]value{d.at("DefaultCacheBehavior")}, d.at("CacheBehaviors").each()...)
}

// route is the path pattern of a behavior.
func route(behavior value) string {
	if p := behavior.at("PathPattern").text(); p != "" {
		return p
	}
	return "default"
}

// routes are the paths of behaviors for which bad holds.
func routes(r *Resource, bad func(value) bool) (all []string) {
	for _, b := range behaviors(r) {
		if bad(b) {
			all = append(all, route(b))
		}
	}
	return all
}

func cdnHTTP(_ *Estate, r *Resource) string {
	open := routes(r, func(b value) bool {
		return !slices.Contains([]string{"redirect-to-https", "https-only"}, b.at("ViewerProtocolPolicy").text())
	})
	return unless(len(open) == 0, "plain HTTP is answered for "+list(open))
}

func cdnOriginHTTP(_ *Estate, r *Resource) string {
	for _, o := range r.at("DistributionConfig", "Origins").each() {
		c := o.at("CustomOriginConfig")
		old := slices.ContainsFunc(c.at("OriginSSLProtocols").each(), func(p value) bool { return p.text() != "TLSv1.2" })
		if c.there() && (old || c.at("OriginProtocolPolicy").text() != "https-only") {
			return fmt.Sprintf("origin %.80s is asked by plain HTTP or an old TLS", o.at("Id").text())
		}
	}
	return ""
}

func cdnCompress(_ *Estate, r *Resource) string {
	plain := routes(r, func(b value) bool {
		p := b.at("PathPattern").text()
		texts := slices.ContainsFunc([]string{".js", ".json", ".css", ".html", ".svg", "/embed/*"}, func(end string) bool { return strings.HasSuffix(p, end) })
		return texts && !b.at("Compress").yes()
	})
	return unless(len(plain) == 0, "Compress is off for "+list(plain))
}

func cdnOAC(_ *Estate, r *Resource) string {
	for _, o := range r.at("DistributionConfig", "Origins").each() {
		if o.at("DomainName").to(buckets...) == nil && !o.at("S3OriginConfig").there() {
			continue
		}
		id := o.at("Id").text()
		if identity := o.at("S3OriginConfig", "OriginAccessIdentity"); identity.there() && identity.pattern() != "" {
			return fmt.Sprintf("origin %.80s has an origin access identity, which can't read what KMS encrypts", id)
		}
		if control := o.at("OriginAccessControlId"); !control.there() || control.pattern() == "" {
			return fmt.Sprintf("origin %.80s has no origin access control", id)
		}
	}
	return ""
}

func cdnFailover(_ *Estate, r *Resource) string {
	groups := map[string]bool{}
	for _, g := range r.at("DistributionConfig", "OriginGroups", "Items").each() {
		groups[g.at("Id").text()] = true
	}
	used := slices.ContainsFunc(behaviors(r), func(b value) bool { return groups[b.at("TargetOriginId").text()] })
	return unless(used, "no behavior goes to a group of origins")
}

func cdnCertificate(_ *Estate, r *Resource) string {
	v := r.at("DistributionConfig", "ViewerCertificate", "AcmCertificateArn")
	region := ""
	if parts := strings.Split(v.pattern(), ":"); len(parts) > 3 {
		region = parts[3]
	} else if c := v.to("AWS::CertificateManager::Certificate"); c != nil {
		region = c.Region
	}
	return unless(region == "" || region == "*" || region == "us-east-1", fmt.Sprintf("its certificate is in %.40s", region))
}
