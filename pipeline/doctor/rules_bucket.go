package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var buckets = []string{"AWS::S3::Bucket"}

var bucketRules = []Rule{
	{
		ID: "bucket-public-access", Pillar: Security, Severity: Error, types: buckets, seen: []string{"PublicAccessBlockConfiguration"},
		Title: "a bucket's public access is not blocked", Do: "set all four of PublicAccessBlockConfiguration", check: bucketOpen,
	},
	{
		ID: "bucket-public", Pillar: Security, Severity: Error, types: buckets, seen: []string{"PolicyStatus"},
		Title: "a bucket is public by policy or ACL", Do: "grant it to CloudFront and roles by name, and drop the ACL", check: bucketPublic,
	},
	{
		ID: "bucket-encryption", Pillar: Security, Severity: Warning, types: buckets, seen: []string{"BucketEncryption"},
		Title: "a bucket isn't encrypted with a key of its own", Do: "set BucketEncryption to aws:kms; AES256 does where only logs arrive", check: bucketEncryption,
	},
	{
		ID: "bucket-key", Pillar: Cost, Severity: Warning, types: buckets, seen: []string{"BucketEncryption"},
		Title: "each object of a bucket asks KMS for its key", Do: "set BucketKeyEnabled: KMS is then asked a hundredth as often", check: bucketKey,
	},
	{
		ID: "bucket-versioning", Pillar: Availability, Severity: Warning, types: buckets, seen: []string{"VersioningConfiguration"},
		Title: "what is overwritten or deleted in a bucket is lost", Do: "set VersioningConfiguration.Status to Enabled",
		check: func(e *Estate, r *Resource) string {
			return unless(r.at("VersioningConfiguration", "Status").text() == "Enabled" || takesLogs(e, r), "versioning is off")
		},
	},
	{
		ID: "bucket-noncurrent", Pillar: Cost, Severity: Warning, types: buckets, seen: []string{"LifecycleConfiguration", "VersioningConfiguration"},
		Title: "old versions in a bucket are kept forever", Do: "add a lifecycle rule with NoncurrentVersionExpiration",
		check: func(_ *Estate, r *Resource) string {
			versioned := r.at("VersioningConfiguration", "Status").text() == "Enabled"
			return unless(!versioned || lifecycle(r, "NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays"), "versioning is on, and no lifecycle rule ends old versions")
		},
	},
	{
		ID: "bucket-uploads", Pillar: Cost, Severity: Warning, types: buckets, seen: []string{"LifecycleConfiguration"},
		Title: "uploads that were broken off are kept forever", Do: "add a lifecycle rule with AbortIncompleteMultipartUpload",
		check: func(e *Estate, r *Resource) string {
			return unless(lifecycle(r, "AbortIncompleteMultipartUpload") || takesLogs(e, r), "no lifecycle rule ends incomplete multipart uploads")
		},
	},
	{
		ID: "bucket-log-expiry", Pillar: Cost, Severity: Warning, types: buckets,
		Title: "logs in a bucket are kept forever", Do: "add a lifecycle rule with ExpirationInDays",
		check: func(e *Estate, r *Resource) string {
			return unless(!takesLogs(e, r) || lifecycle(r, "ExpirationInDays"), "logs arrive here, and no lifecycle rule ends them")
		},
	},
	{
		ID: "bucket-tls", Pillar: Security, Severity: Error, types: buckets,
		Title: "a bucket answers without TLS", Do: "add a policy that denies s3:* where aws:SecureTransport is false", check: bucketTLS,
	},
	{
		ID: "bucket-logs", Pillar: Security, Severity: Note, types: buckets,
		Title: "who read or wrote a bucket isn't logged", Do: "set LoggingConfiguration.DestinationBucketName",
		check: func(e *Estate, r *Resource) string {
			return unless(r.at("LoggingConfiguration").there() || takesLogs(e, r), "there is no access log")
		},
	},
}

func bucketOpen(_ *Estate, r *Resource) string {
	var lacks []string
	for _, p := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
		if !r.at("PublicAccessBlockConfiguration", p).yes() {
			lacks = append(lacks, p)
		}
	}
	return unless(len(lacks) == 0, list(lacks)+" is not set")
}

func bucketPublic(e *Estate, r *Resource) string {
	if r.at("PolicyStatus", "IsPublic").yes() { // of a survey
		return "its policy makes it public"
	}
	if acl := r.at("AccessControl").text(); slices.Contains([]string{"PublicRead", "PublicReadWrite", "AuthenticatedRead"}, acl) {
		return "its ACL is " + acl
	}
	open := slices.ContainsFunc(bucketStatements(e, r), func(s value) bool {
		return allows(s) && anyone(s.at("Principal")) && !s.at("Condition").there()
	})
	return unless(!open, "its policy allows anyone in")
}

func bucketEncryption(e *Estate, r *Resource) string {
	switch algorithm := defaultEncryption(r).at("ServerSideEncryptionByDefault", "SSEAlgorithm").text(); {
	case strings.HasPrefix(algorithm, "aws:kms"), algorithm == "AES256" && takesLogs(e, r):
		return ""
	case algorithm == "":
		return "no encryption is declared"
	default:
		return fmt.Sprintf("it is encrypted by %.40s, with a key that nobody can withdraw", algorithm)
	}
}

func bucketKey(_ *Estate, r *Resource) string {
	d := defaultEncryption(r)
	kms := strings.HasPrefix(d.at("ServerSideEncryptionByDefault", "SSEAlgorithm").text(), "aws:kms")
	return unless(!kms || d.at("BucketKeyEnabled").yes(), "BucketKeyEnabled is not set")
}

func defaultEncryption(r *Resource) value {
	for _, d := range r.at("BucketEncryption", "ServerSideEncryptionConfiguration").each() {
		return d
	}
	return value{}
}

// lifecycle tells if an enabled lifecycle rule has one of the properties.
func lifecycle(r *Resource, properties ...string) bool {
	return slices.ContainsFunc(r.at("LifecycleConfiguration", "Rules").each(), func(rule value) bool {
		return rule.at("Status").text() == "Enabled" && slices.ContainsFunc(properties, func(p string) bool { return rule.at(p).there() })
	})
}

func bucketTLS(e *Estate, r *Resource) string {
	return unless(slices.ContainsFunc(bucketStatements(e, r), deniesPlain), "no policy denies requests without TLS")
}

// bucketStatements are those of all policies of a bucket.
func bucketStatements(e *Estate, r *Resource) (all []value) {
	for _, p := range e.of("AWS::S3::BucketPolicy") {
		if linked(p.at("Bucket"), r) {
			all = append(all, p.at("PolicyDocument", "Statement").each()...)
		}
	}
	return all
}

// logPlace is a path of properties that say where logs go.
var logPlace = regexp.MustCompile(`(?i)(^|\.)(access_|connection_)?log`)

// takesLogs tells if logs are written to a bucket. Those who write them can't use all kinds
// of keys, and logs have other needs than what customers own.
func takesLogs(e *Estate, r *Resource) bool {
	return slices.ContainsFunc(e.uses[r], func(u use) bool {
		return u.by != nil && u.by != r && (logPlace.MatchString(u.at) || strings.HasPrefix(u.by.Type, "AWS::Logs::"))
	}) || slices.ContainsFunc(e.of(buckets...), func(b *Resource) bool {
		return b != r && r.named(b.at("LoggingConfiguration", "DestinationBucketName").pattern())
	})
}
