package stack

import (
	cf "github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"

	product "github.com/plinth3d/plinth/origin"
)

// year is how long a browser may keep what never changes, in seconds.
const year = 31536000.0

// classHeader is the field that the function at the edge sets, and that alone answers differ by.
func classHeader() string { return product.DeviceRules().Class }

// deviceHeaders are the fields that CloudFront adds where a policy names them, and only then;
// the function reads them. The other hints of RequestHeaders come from browsers and are
// there anyway.
func deviceHeaders() (all []string) {
	for _, v := range product.DeviceRules().Viewers {
		all = append(all, v.Field)
	}
	return all
}

// Query parameters that the functions leave: a form that was asked for, and what a URL is
// signed with.
var (
	productQuery = []string{"form", "exp", "sig"}
	fileQuery    = []string{"exp", "sig"}
)

// productCache tells answers apart by class, form and signature, and by nothing else. How
// long they live is the origin's to say.
func (s *site) productCache(e *edge) *string {
	return s.cache(e, "products", 60, classHeader(), productQuery, true)
}

// fileCache tells files apart by their name.
func (s *site) fileCache(e *edge) *string {
	return s.cache(e, "files", year, "", fileQuery, false)
}

func (s *site) cache(e *edge, what string, seconds float64, header string, query []string, coded bool) *string {
	headers := &cf.CfnCachePolicy_HeadersConfigProperty{HeaderBehavior: new("none")}
	if header != "" {
		headers = &cf.CfnCachePolicy_HeadersConfigProperty{HeaderBehavior: new("whitelist"), Headers: &[]*string{&header}}
	}
	return cf.NewCfnCachePolicy(e.stack, new("Cache"+what), &cf.CfnCachePolicyProps{CachePolicyConfig: &cf.CfnCachePolicy_CachePolicyConfigProperty{
		Name: s.title(what), MinTtl: new(0.0), DefaultTtl: &seconds, MaxTtl: new(year),
		ParametersInCacheKeyAndForwardedToOrigin: &cf.CfnCachePolicy_ParametersInCacheKeyAndForwardedToOriginProperty{
			CookiesConfig:      &cf.CfnCachePolicy_CookiesConfigProperty{CookieBehavior: new("none")},
			HeadersConfig:      headers,
			QueryStringsConfig: &cf.CfnCachePolicy_QueryStringsConfigProperty{QueryStringBehavior: new("whitelist"), QueryStrings: texts(query...)},
			// Manifests are served coded; a GLB never is.
			EnableAcceptEncodingGzip: coded, EnableAcceptEncodingBrotli: coded,
		},
	}}).Ref()
}

// deviceRequest has CloudFront tell the function what it knows of the device.
func (s *site) deviceRequest(e *edge) *string {
	return cf.NewCfnOriginRequestPolicy(e.stack, new("DeviceRequest"), &cf.CfnOriginRequestPolicyProps{OriginRequestPolicyConfig: &cf.CfnOriginRequestPolicy_OriginRequestPolicyConfigProperty{
		Name:               s.title("device"),
		CookiesConfig:      &cf.CfnOriginRequestPolicy_CookiesConfigProperty{CookieBehavior: new("none")},
		HeadersConfig:      &cf.CfnOriginRequestPolicy_HeadersConfigProperty{HeaderBehavior: new("whitelist"), Headers: texts(deviceHeaders()...)},
		QueryStringsConfig: &cf.CfnOriginRequestPolicy_QueryStringsConfigProperty{QueryStringBehavior: new("none")},
	}}).Ref()
}

// security are fields that every answer has.
func security() *cf.CfnResponseHeadersPolicy_SecurityHeadersConfigProperty {
	return &cf.CfnResponseHeadersPolicy_SecurityHeadersConfigProperty{
		StrictTransportSecurity: &cf.CfnResponseHeadersPolicy_StrictTransportSecurityProperty{AccessControlMaxAgeSec: new(2 * year), IncludeSubdomains: true, Override: true},
		ContentTypeOptions:      &cf.CfnResponseHeadersPolicy_ContentTypeOptionsProperty{Override: true},
		ReferrerPolicy:          &cf.CfnResponseHeadersPolicy_ReferrerPolicyProperty{ReferrerPolicy: new("strict-origin-when-cross-origin"), Override: false},
	}
}

// productHeaders leave all else as the origin says it.
func (s *site) productHeaders(e *edge) *string {
	return cf.NewCfnResponseHeadersPolicy(e.stack, new("Headersproducts"), &cf.CfnResponseHeadersPolicyProps{
		ResponseHeadersPolicyConfig: &cf.CfnResponseHeadersPolicy_ResponseHeadersPolicyConfigProperty{Name: s.title("products"), SecurityHeadersConfig: security()},
	}).Ref()
}

// fileHeaders are what the origin says of files, since the bucket doesn't.
func (s *site) fileHeaders(e *edge) *string {
	list := func(all ...string) *[]*string { return texts(all...) }
	return cf.NewCfnResponseHeadersPolicy(e.stack, new("Headersfiles"), &cf.CfnResponseHeadersPolicyProps{
		ResponseHeadersPolicyConfig: &cf.CfnResponseHeadersPolicy_ResponseHeadersPolicyConfigProperty{
			Name: s.title("files"), SecurityHeadersConfig: security(),
			CorsConfig: &cf.CfnResponseHeadersPolicy_CorsConfigProperty{
				AccessControlAllowCredentials: false, AccessControlMaxAgeSec: new(86400.0), OriginOverride: false,
				AccessControlAllowOrigins:  &cf.CfnResponseHeadersPolicy_AccessControlAllowOriginsProperty{Items: list("*")},
				AccessControlAllowMethods:  &cf.CfnResponseHeadersPolicy_AccessControlAllowMethodsProperty{Items: list("GET", "HEAD", "OPTIONS")},
				AccessControlAllowHeaders:  &cf.CfnResponseHeadersPolicy_AccessControlAllowHeadersProperty{Items: list("Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range")},
				AccessControlExposeHeaders: &cf.CfnResponseHeadersPolicy_AccessControlExposeHeadersProperty{Items: list("Accept-Ranges", "Content-Length", "Content-Range", "ETag")},
			},
			CustomHeadersConfig: &cf.CfnResponseHeadersPolicy_CustomHeadersConfigProperty{Items: []any{
				// What the origin says of a merchant's signed file stays.
				&cf.CfnResponseHeadersPolicy_CustomHeaderProperty{Header: new("Cache-Control"), Value: new("public, max-age=31536000, immutable"), Override: false},
				&cf.CfnResponseHeadersPolicy_CustomHeaderProperty{Header: new("Timing-Allow-Origin"), Value: new("*"), Override: false},
			}},
		},
	}).Ref()
}
