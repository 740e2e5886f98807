package stack

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	product "github.com/plinth3d/plinth/origin"
	function "github.com/plinth3d/plinth/origin/edge"
)

// edged are the installations with an edge.
func edged(t *testing.T, test func(t *testing.T, m *made, config any)) {
	for _, env := range []string{"dev", "prod"} {
		t.Run(env, func(t *testing.T) {
			m := installation(t, env)
			test(t, m, m.of(t, "CloudFront::Distribution")[0].at("DistributionConfig"))
		})
	}
}

// functionOf is the code that a behaviour runs on requests.
func (m *made) functionOf(t *testing.T, behaviour any) string {
	t.Helper()
	arn := m.name(m.config.Name()+"-edge", at(behaviour, "FunctionAssociations", 0, "FunctionARN"))
	for _, f := range m.of(t, "CloudFront::Function") {
		if arn == f.stack+"/"+f.id+".FunctionMetadata.FunctionARN" {
			return fmt.Sprint(f.at("FunctionCode"))
		}
	}
	t.Errorf("%s is no function", arn)
	return ""
}

// policyOf is the configuration of a policy that a behaviour has.
func (m *made) policyOf(t *testing.T, behaviour any, field, kind, inner string) any {
	t.Helper()
	id := m.name(m.config.Name()+"-edge", at(behaviour, field))
	for _, p := range m.of(t, kind) {
		if id == p.stack+"/"+p.id {
			return p.at(inner)
		}
	}
	t.Errorf("%s is no %s", id, kind)
	return nil
}

func TestTheEdgeRunsTheFunctionThatWasTested(t *testing.T) {
	edged(t, func(t *testing.T, m *made, c any) {
		code := m.functionOf(t, at(c, "DefaultCacheBehavior"))
		if code != function.Function() {
			t.Error("the function that finds a class is not origin/edge's")
		}
		for _, f := range m.of(t, "CloudFront::Function") {
			if n := len(fmt.Sprint(f.at("FunctionCode"))); n > function.MaxBytes {
				t.Errorf("%s has %d bytes, CloudFront takes %d", f, n, function.MaxBytes)
			}
		}
	})
}

func sorted(v any) (all []string) {
	for _, e := range list(v) {
		all = append(all, fmt.Sprint(e))
	}
	slices.Sort(all)
	return all
}

// The cache tells answers apart by what the origin decides by, once the function has run: the
// class. All that DeviceOf reads beside it the function reads: hints that browsers send, and
// CloudFront's own, which it adds for who names them.
func TestTheCacheIsKeyedByWhatPickReads(t *testing.T) {
	edged(t, func(t *testing.T, m *made, c any) {
		behaviour := at(c, "DefaultCacheBehavior")
		cache := m.policyOf(t, behaviour, "CachePolicyId", "CloudFront::CachePolicy", "CachePolicyConfig")
		key := at(cache, "ParametersInCacheKeyAndForwardedToOrigin")
		keyed := sorted(at(key, "HeadersConfig", "Headers"))
		if want := []string{product.DeviceRules().Class}; !slices.Equal(keyed, want) {
			t.Errorf("answers differ by %q, want %q", keyed, want)
		}
		request := m.policyOf(t, behaviour, "OriginRequestPolicyId", "CloudFront::OriginRequestPolicy", "OriginRequestPolicyConfig")
		added := sorted(at(request, "HeadersConfig", "Headers"))
		code := m.functionOf(t, behaviour)
		for _, name := range product.RequestHeaders() {
			switch {
			case slices.Contains(keyed, name):
			case strings.HasPrefix(name, "CloudFront-"):
				if !slices.Contains(added, name) {
					t.Errorf("CloudFront is not asked for %s", name)
				}
				fallthrough
			default:
				if !strings.Contains(code, `"`+strings.ToLower(name)+`"`) {
					t.Errorf("nobody reads %s: it is not in the key, and the function doesn't know it", name)
				}
			}
		}
		for _, name := range slices.Concat(keyed, added) {
			if !slices.Contains(product.RequestHeaders(), name) {
				t.Errorf("%s is of no use to the origin", http.CanonicalHeaderKey(name))
			}
		}
		var left []string
		for _, found := range regexp.MustCompile(`kept\.(\w+) =`).FindAllStringSubmatch(code, -1) {
			left = append(left, found[1])
		}
		slices.Sort(left)
		if got := sorted(at(key, "QueryStringsConfig", "QueryStrings")); !slices.Equal(got, left) {
			t.Errorf("answers differ by parameters %q, the function leaves %q", got, left)
		}
		if at(key, "CookiesConfig", "CookieBehavior") != "none" || at(request, "CookiesConfig", "CookieBehavior") != "none" || at(request, "QueryStringsConfig", "QueryStringBehavior") != "none" {
			t.Error("cookies or parameters go to the origin beside the key")
		}
	})
}

// The bucket is read by origin access control only, and the service is in no public network.
func TestOriginsAreReachedByTheEdgeAlone(t *testing.T) {
	edged(t, func(t *testing.T, m *made, c any) {
		origins := list(at(c, "Origins"))
		want := 2
		if m.config.Standby != nil {
			want = 4
		}
		if len(origins) != want {
			t.Errorf("%d origins, want %d", len(origins), want)
		}
		for _, o := range origins {
			switch {
			case at(o, "S3OriginConfig") != nil:
				if at(o, "OriginAccessControlId") == nil || at(o, "S3OriginConfig", "OriginAccessIdentity") != "" {
					t.Errorf("%v is read without access control", at(o, "Id"))
				}
			case at(o, "VpcOriginConfig", "VpcOriginId") == nil:
				t.Errorf("%v is on the internet", at(o, "Id"))
			}
			if at(o, "OriginShield", "Enabled") != true {
				t.Errorf("%v is asked by every edge", at(o, "Id"))
			}
		}
		for _, a := range m.of(t, "CloudFront::OriginAccessControl") {
			if a.at("OriginAccessControlConfig", "SigningBehavior") != "always" {
				t.Errorf("%s signs %v", a, a.at("OriginAccessControlConfig", "SigningBehavior"))
			}
		}
		if got := len(m.maybe("CloudFront::CloudFrontOriginAccessIdentity")); got > 0 {
			t.Error("there is an origin access identity, the older way")
		}
	})
}

func TestFailuresOfAnOriginAreAnsweredByTheStandby(t *testing.T) {
	m := installation(t, "prod")
	c := m.of(t, "CloudFront::Distribution")[0].at("DistributionConfig")
	targets := []string{fmt.Sprint(at(c, "DefaultCacheBehavior", "TargetOriginId"))}
	for _, b := range list(at(c, "CacheBehaviors")) {
		targets = append(targets, fmt.Sprint(at(b, "TargetOriginId")))
	}
	groups := map[string]any{}
	for _, g := range list(at(c, "OriginGroups", "Items")) {
		groups[fmt.Sprint(at(g, "Id"))] = g
	}
	for _, target := range targets {
		g := groups[target]
		if got := len(list(at(g, "Members", "Items"))); got != 2 {
			t.Errorf("%s has %d origins", target, got)
		}
		want := []string{"500", "502", "503", "504"}
		if strings.HasPrefix(target, bucketOrigin) { // a file made by the standby is not here
			want = append([]string{"403", "404"}, want...)
		}
		if codes := sorted(at(g, "FailoverCriteria", "StatusCodes", "Items")); !slices.Equal(codes, want) {
			t.Errorf("%s fails over at %q", target, codes)
		}
	}
}

func TestTLSIsNew(t *testing.T) {
	edged(t, func(t *testing.T, m *made, c any) {
		if v := at(c, "ViewerCertificate", "MinimumProtocolVersion"); v != "TLSv1.2_2021" {
			t.Errorf("shoppers may come with %v", v)
		}
		for _, b := range append(list(at(c, "CacheBehaviors")), at(c, "DefaultCacheBehavior")) {
			if p := at(b, "ViewerProtocolPolicy"); p != "redirect-to-https" && p != "https-only" {
				t.Errorf("%v takes %v", at(b, "PathPattern"), p)
			}
		}
		for _, o := range m.of(t, "CloudFront::VpcOrigin") {
			if got := o.at("VpcOriginEndpointConfig", "OriginProtocolPolicy"); got != "https-only" || !slices.Equal(sorted(o.at("VpcOriginEndpointConfig", "OriginSSLProtocols")), []string{"TLSv1.2"}) {
				t.Errorf("%s is called by %v", o, got)
			}
		}
	})
	each(t, func(t *testing.T, m *made) {
		for _, l := range m.of(t, "ElasticLoadBalancingV2::Listener") {
			if l.at("Protocol") != "HTTPS" || !strings.HasPrefix(fmt.Sprint(l.at("SslPolicy")), "ELBSecurityPolicy-TLS13-1-2-Res-") {
				t.Errorf("%s: %v, %v", l, l.at("Protocol"), l.at("SslPolicy"))
			}
		}
		for _, p := range m.maybe("RDS::DBClusterParameterGroup") {
			if p.at("Parameters", "rds.force_ssl") != "1" || p.at("Parameters", "ssl_min_protocol_version") != "TLSv1.2" {
				t.Errorf("%s: %v", p, p.at("Parameters"))
			}
		}
		for _, topic := range m.of(t, "SNS::Topic") {
			if topic.at("KmsMasterKeyId") == nil {
				t.Errorf("%s is not encrypted", topic)
			}
		}
	})
}

func TestTheFirewallBlocks(t *testing.T) {
	edged(t, func(t *testing.T, m *made, c any) {
		acls := m.of(t, "WAFv2::WebACL")
		if got, want := m.name(m.config.Name()+"-edge", at(c, "WebACLId")), acls[0].stack+"/"+acls[0].id+".Arn"; got != want {
			t.Errorf("the edge is behind %s, want %s", got, want)
		}
		rates := 0
		for _, r := range list(acls[0].at("Rules")) {
			_, block := at(r, "Action", "Block").(map[string]any)
			_, own := at(r, "OverrideAction", "None").(map[string]any)
			if block == own || at(r, "OverrideAction", "Count") != nil {
				t.Errorf("rule %v does not block", at(r, "Name"))
			}
			if at(r, "Statement", "RateBasedStatement", "Limit") == float64(m.config.Edge.Rate) {
				rates++
			}
		}
		if rates != 1 {
			t.Errorf("%d rules of rates", rates)
		}
	})
}
