package stack

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/infra/config"
)

// What no installation has switched on, and what all have, the other way round: it is
// valid, has no open finding, and does what its setting says.
func TestOptionsTheOtherWayRound(t *testing.T) {
	c, err := config.Load("prod")
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	c.Edge.SigningKey = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	c.Edge.ShieldAdvanced, c.Fleet.EFS, c.Precheck, c.Standby = true, true, false, nil
	c.Origin.Signed = true
	c.Ledger.Snapshot = "arn:aws:rds:us-east-1:111122223333:cluster-snapshot:before"
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	m, err := synth("options", c)
	if err != nil {
		t.Fatal(err)
	}
	m.suppressed(t)
	m.mayWhatItDoes(t, "origin")
	m.onlyOriginsReadSigningKeys(t)
	m.containers(t, func(_ resource, _ any, name string, args []string) {
		i := slices.Index(args, "--signing-keys")
		if signs := i >= 0 && strings.HasSuffix(args[i+1], "/keys/signing.json"); signs != (name == "origin") {
			t.Errorf("%s is started with %q", name, args)
		}
	})

	distribution := m.of(t, "CloudFront::Distribution")[0].at("DistributionConfig")
	signed := false
	for _, b := range list(at(distribution, "CacheBehaviors")) {
		if at(b, "PathPattern") == "/source/*" {
			signed = len(list(at(b, "TrustedKeyGroups"))) == 1
		}
	}
	if !signed {
		t.Error("sources are not behind signed URLs")
	}
	var readable strings.Builder
	for _, p := range m.of(t, "S3::BucketPolicy") {
		for _, s := range list(p.at("PolicyDocument", "Statement")) {
			if at(s, "Principal", "Service") == "cloudfront.amazonaws.com" {
				for _, r := range list(at(s, "Resource")) {
					readable.WriteString(strings.TrimPrefix(m.name(p.stack, r), p.stack+"/Bucketderived") + " ")
				}
			}
		}
	}
	if strings.Count(readable.String(), "/rendition/*") != 1 || strings.Count(readable.String(), "/source/*") != 1 || strings.Count(readable.String(), "*") != 2 {
		t.Errorf("the edge may read %s", readable.String())
	}
	if len(m.of(t, "CloudFront::KeyGroup")) != 1 || len(m.of(t, "Shield::Protection")) != 1 {
		t.Error("there is no group of keys, or no protection")
	}
	if n := len(list(at(distribution, "OriginGroups", "Items"))); n != 0 {
		t.Errorf("%d groups of origins without a standby", n)
	}
	if got := m.of(t, "RDS::DBCluster")[0]; got.at("SnapshotIdentifier") != c.Ledger.Snapshot || got.at("MasterUsername") != nil {
		t.Errorf("%s is not restored: %v", got, got.props)
	}
	if len(m.of(t, "EFS::FileSystem")) != 1 {
		t.Error("scratch is not on EFS")
	}
	if len(m.maybe("Lambda::Function")) > 0 {
		t.Error("there is a pre-check")
	}
	for _, b := range m.of(t, "S3::Bucket") {
		for _, q := range list(b.at("NotificationConfiguration", "QueueConfigurations")) {
			if to := m.name(b.stack, at(q, "Queue")); !strings.Contains(to, "/Laneinteractive") {
				t.Errorf("uploads are told to %s", to)
			}
		}
		if b.at("ReplicationConfiguration") != nil {
			t.Errorf("%s is copied to nowhere", b)
		}
	}
	var zones []string
	for _, target := range m.of(t, "EFS::MountTarget") {
		zones = append(zones, m.nameOf(target, "SubnetId"))
	}
	if len(slices.Compact(slices.Sorted(slices.Values(zones)))) != 3 {
		t.Errorf("scratch is in %q", zones)
	}
}

// Stacks are deployed one after another, and CloudFormation keeps what a stack that is deployed
// later still imports: what prod's stacks import has to be there without a pre-check, too, and
// the queue that S3 is told to use then has to let it, before.
func TestThePrecheckCanBeSwitchedOff(t *testing.T) {
	c, err := config.Load("prod")
	if err != nil {
		t.Fatal(err)
	}
	c.Precheck = false
	without, err := synth("unchecked", c)
	if err != nil {
		t.Fatal(err)
	}
	with, imports := installation(t, "prod"), 0
	for _, r := range with.resources {
		for _, name := range imported(r.raw) {
			imports++
			if _, there := without.exports[name]; !there {
				t.Errorf("%s imports %s, which goes", r, name)
			}
		}
	}
	if imports < 50 {
		t.Errorf("%d imports, want more than 50", imports)
	}
	let := map[string]bool{}
	for _, p := range with.of(t, "SQS::QueuePolicy") {
		for _, s := range list(p.at("PolicyDocument", "Statement")) {
			if at(s, "Principal", "Service") == "s3.amazonaws.com" {
				let[with.name(p.stack, at(s, "Resource"))] = true
			}
		}
	}
	for _, b := range without.of(t, "S3::Bucket") {
		for _, q := range list(b.at("NotificationConfiguration", "QueueConfigurations")) {
			if to := without.name(b.stack, at(q, "Queue")); !let[to] || !strings.Contains(to, "/Laneinteractive") {
				t.Errorf("%s tells %s, which takes messages of S3: %v", b, to, let[to])
			}
		}
	}
}

// imported are the names of all exports that a part of a template imports.
func imported(v any) (all []string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			all = append(all, imported(e)...)
		}
	case map[string]any:
		for k, e := range v {
			if name, ok := e.(string); ok && k == "Fn::ImportValue" {
				all = append(all, name)
				continue
			}
			all = append(all, imported(e)...)
		}
	}
	return all
}
