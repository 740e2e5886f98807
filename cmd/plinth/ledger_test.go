package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/local"
)

// The life of a merchant, by commands.
func TestMerchantsAndKeys(t *testing.T) {
	dir := t.TempDir()
	do := func(args ...string) string {
		t.Helper()
		code, out, errs := plinth(t, append(args, "--data", dir)...)
		if code != exitOK {
			t.Fatalf("%v: exit %d: %s", args, code, errs)
		}
		return out
	}
	if out := do("merchants", "create", "acme", "--name", "Acme Furniture", "--models", "5000", "--signed-urls"); !strings.Contains(out, "Acme Furniture") || !strings.Contains(out, "5000") || !strings.Contains(out, "signed") {
		t.Errorf("the table is\n%s", out)
	}
	do("merchants", "create", "abc")
	var a asset.Account
	first, _, _ := strings.Cut(do("merchants", "list", "--json"), "\n")
	if err := json.Unmarshal([]byte(first), &a); err != nil || a.Merchant != "abc" || a.Name != "abc" || a.Created.IsZero() {
		t.Errorf("got %+v, %v", a, err)
	}
	secret := strings.TrimSpace(do("keys", "issue", "acme", "--scope", "read,upload", "--name", "shop", "--for", "1h"))
	var k struct {
		asset.Key
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal([]byte(do("keys", "issue", "acme", "--scope", "admin", "--json")), &k); err != nil || !strings.HasPrefix(k.Secret, k.ID+"_") || !k.Expires.IsZero() {
		t.Errorf("got %+v, %v", k, err)
	}
	list := do("keys", "list", "acme")
	if !strings.Contains(list, "read upload") || !strings.Contains(list, "shop") || !strings.Contains(list, k.ID) || strings.Contains(list, secret[20:]) {
		t.Errorf("the table is\n%s", list)
	}
	l, err := local.OpenLedger(t.Context(), filepath.Join(dir, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	opens := func(secret string, want bool) {
		t.Helper()
		if _, err := l.Authenticate(t.Context(), secret); (err == nil) != want {
			t.Errorf("got %v, want open %v", err, want)
		}
	}
	opens(secret, true)
	if out := do("keys", "revoke", "acme", k.ID, "--json"); strings.Count(out, "\n") != 1 || !strings.Contains(out, `"revoked":"`) {
		t.Errorf("got %s", out)
	}
	opens(k.Secret, false)
	if out := do("merchants", "suspend", "acme"); !strings.Contains(out, "suspended") {
		t.Errorf("the table is\n%s", out)
	}
	opens(secret, false)
	do("merchants", "suspend", "acme", "--lift")
	opens(secret, true)
	if c, err := l.VerifyAudit(t.Context(), "acme"); err != nil || c.Entries != 6 {
		t.Errorf("the audit has %d entries, %v", c.Entries, err)
	}
	if log, err := l.Audit(t.Context(), "acme", 0, 1); err != nil || log[0].Who != operator() || !strings.HasPrefix(log[0].Who, "cli:") {
		t.Errorf("got %v, %v", log, err)
	}
}

func TestLedgerCommandsSayWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := plinth(t, "merchants", "create", "acme", "--data", dir); code != exitOK {
		t.Fatal(errs)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"merchants", exitOK, "plinth merchants create acme"},
		{"keys --help", exitOK, "plinth keys issue acme"},
		{"merchants fly", exitUsage, "unknown command"},
		{"merchants create", exitUsage, "one ID"},
		{"merchants create A/B", exitInput, "invalid"},
		{"merchants create acme", exitInput, "already"},
		{"merchants create b --models -1", exitInput, "the limit of models"},
		{"merchants suspend none", exitInput, "not found"},
		{"merchants list --ledger mysql://u:secret@h/d", exitUsage, "--ledger"},
		{"merchants list --data " + dir + "/file/x", exitUnavailable, "open the ledger"},
		{"keys issue acme", exitUsage, "--scope is missing"},
		{"keys issue acme --scope root", exitInput, "none of admin, read, upload"},
		{"keys issue acme --scope read --for -1h", exitUsage, "--for"},
		{"keys issue none --scope read", exitInput, "not found"},
		{"keys list none", exitInput, "not found"},
		{"keys revoke acme", exitUsage, "a merchant and the ID"},
		{"keys revoke acme x", exitInput, "no key's ID"},
	} {
		args := strings.Fields(c.args)
		if !strings.Contains(c.args, "--data") && !strings.Contains(c.args, "--help") && len(args) > 1 && args[1] != "fly" {
			args = append(args, "--data", dir)
		}
		code, out, errs := plinth(t, args...)
		if code != c.code || !strings.Contains(out+errs, c.says) || strings.Contains(out+errs, "secret@") {
			t.Errorf("%s: exit %d, want %d with %q: %s%s", c.args, code, c.code, c.says, out, errs)
		}
	}
}

func TestHelpSaysThatAccountsGuardNothingYet(t *testing.T) {
	for _, args := range []string{"merchants --help", "merchants create --help", "keys --help", "keys issue --help"} {
		if out, _ := done(t, exitOK, strings.Fields(args)...); !strings.Contains(out, "Nothing is guarded by this yet") {
			t.Errorf("%s:\n%s", args, out)
		}
	}
}
