package config

import (
	"os"
	"strings"
	"testing"
)

func TestEveryInstallationIsRight(t *testing.T) {
	for _, env := range Envs {
		c, err := Load(env)
		if err != nil {
			t.Fatal(err)
		}
		if c.Primary != "" {
			p, err := Load(c.Primary)
			if err != nil {
				t.Fatal(err)
			}
			if p.Standby == nil || p.Standby.Env != env || p.Standby.Region != c.Region {
				t.Errorf("%s stands in for %s, whose standby is %+v", env, c.Primary, p.Standby)
			}
			if p.Keep.Backups > c.Keep.Backups+1 { // its vault is locked against longer ones
				t.Errorf("%s keeps backups for %d days, which the vault of %s with %d refuses", c.Primary, p.Keep.Backups, env, c.Keep.Backups)
			}
			if p.Domain != c.Domain || p.Image != c.Image {
				t.Errorf("%s and %s differ in domain or image: %+v %+v, %+v %+v", env, c.Primary, c.Domain, c.Image, p.Domain, p.Image)
			}
		}
	}
	if _, err := Load("staging"); err == nil {
		t.Error("an installation that isn't there has a configuration")
	}
}

// Each line of the table breaks one thing; the error has to name the field.
func TestAMistakeIsToldByItsField(t *testing.T) {
	text, err := os.ReadFile("prod.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ from, to, field string }{
		{`"env": "prod"`, `"env": "production"`, "env is"},
		{`"region": "us-east-1"`, `"region": "us-west-2"`, "zones:"},
		{`"us-east-1c"]`, `"us-east-1a"]`, "zones:"},
		{`, "us-east-1c"]`, `]`, "zones are"},
		{`"budget": 20000`, `"budget": 0`, "budget"},
		{`"tag": "1.0.0"`, `"tag": "latest"`, "image.tag"},
		{`"name": "plinth.example.com"`, `"name": "Plinth"`, "domain.name"},
		{`Z0123456789EXAMPLE`, `zone`, "domain.zoneID"},
		{`10.40.0.0/16`, `10.40.1.0/16`, "network.cidr"},
		{`10.40.0.0/16`, `8.8.0.0/16`, "network.cidr"},
		{`pl-3b927c52`, `0.0.0.0/0`, "edgePrefixList"},
		{`"cpu": 2048, "memoryMiB": 8192, "scratch`, `"cpu": 2048, "memoryMiB": 8000, "scratch`, "fleet: Fargate"},
		{`"scratchGiB": 30`, `"scratchGiB": 20`, "scratchGiB"},
		{`"min": 6, "max": 400`, `"min": 6, "max": 5`, "fleet: from"},
		{`"backlog": 20`, `"backlog": 0`, "fleet.backlog"},
		{`r8g.4xlarge`, `m7i.4xlarge`, "fleet.large.instance"},
		{`"cacheMiB": 6144`, `"cacheMiB": 8192`, "origin.cacheMiB"},
		{`"perZone": 2`, `"perZone": 1`, "origin.perZone"},
		{`"instances": 2`, `"instances": 1`, "ledger.instances"},
		{`"minACU": 1,`, `"minACU": 0.1,`, "ledger: from"},
		{`"logs": 90`, `"logs": 91`, "keep.logs"},
		{`"backups": 35`, `"backups": 36`, "keep.backups"},
		{`PriceClass_All`, `PriceClass_1`, "edge.priceClass"},
		{`"rate": 20000`, `"rate": 1`, "edge.rate"},
		{`"shieldAdvanced": false`, `"shieldAdvanced": false, "signingKey": "x"`, "edge.signingKey"},
		{`"region": "us-west-2"`, `"region": "us-east-1"`, "standby.region"},
		{`elasticloadbalancing:us-west-2`, `elasticloadbalancing:eu-west-1`, "standby.loadBalancer"},
		{`"precheck": true`, `"precheck": true, "primary": "dr"`, "primary is"},
		{`"uploads": true`, `"uploads": false`, "uploads is off"},
		{`"precheck": true`, `"precheck": true, "prechek": true`, "unknown field"},
	} {
		broken := strings.Replace(string(text), test.from, test.to, 1)
		if broken == string(text) {
			t.Errorf("%s is not in prod.json", test.from)
			continue
		}
		if _, err := Parse([]byte(broken)); err == nil || !strings.Contains(err.Error(), test.field) {
			t.Errorf("%s: got %v, want an error with %q", test.to, err, test.field)
		}
	}
}

func TestAStandbySignsWhatItsPrimarySigns(t *testing.T) {
	for _, env := range []string{"prod", "dr"} {
		one, err := Load(env)
		if err != nil {
			t.Fatal(err)
		}
		other := *one
		if err := agree(one, &other); err != nil {
			t.Error(err)
		}
		other.Origin.Signed = !one.Origin.Signed
		if err := agree(one, &other); err == nil || !strings.Contains(err.Error(), "origin.signed") {
			t.Errorf("they differ: got %v", err)
		}
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	var c Config
	if n := strings.Count(c.Check().Error(), "\n"); n < 15 {
		t.Errorf("an empty configuration has %d mistakes, want 15 or more", n+1)
	}
}
