package cloud

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// awsEnvironment is credentials that are good for nothing, and a region.
func awsEnvironment(t *testing.T, region string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "none", "AWS_SESSION_TOKEN": "", "AWS_REGION": region, "AWS_DEFAULT_REGION": "",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
		"PGSSLMODE": "", "PGPASSWORD": "", "PGHOST": "", "PGSSLROOTCERT": "",
	} {
		t.Setenv(name, value)
	}
}

func TestEachConnectionBringsATokenOfItsOwn(t *testing.T) {
	awsEnvironment(t, "eu-central-1")
	cfg, err := ledgerConfig(t.Context(), "postgres+iam://plinth@db.example.eu-central-1.rds.amazonaws.com:5433/ledger?sslmode=verify-full")
	if err != nil {
		t.Fatal(err)
	}
	to := cfg.ConnConfig.Copy()
	if err := cfg.BeforeConnect(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"db.example.eu-central-1.rds.amazonaws.com:5433?", "Action=connect", "DBUser=plinth", "AKIDEXAMPLE", "eu-central-1%2Frds-db", "X-Amz-Expires=900", "X-Amz-Signature="} {
		if !strings.Contains(to.Password, part) {
			t.Errorf("the token %s has no %s", to.Password, part)
		}
	}
	if cfg.ConnConfig.Password != "" {
		t.Error("the token stays in the configuration")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if cfg, err = ledgerConfig(t.Context(), "postgres+iam://plinth@db.example/ledger?sslmode=verify-full"); err != nil {
		t.Fatal(err)
	}
	if err := cfg.BeforeConnect(t.Context(), cfg.ConnConfig.Copy()); err == nil {
		t.Error("a token was made without credentials")
	}
}

func TestATokenGoesToNobodyElse(t *testing.T) {
	awsEnvironment(t, "eu-central-1")
	for _, query := range []string{"", "?sslmode=disable", "?sslmode=allow", "?sslmode=prefer", "?sslmode=require", "?sslmode=verify-ca"} {
		_, err := ledgerConfig(t.Context(), "postgres+iam://plinth@db.example/ledger"+query)
		if !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), "sslmode=verify-full") {
			t.Errorf("%q: got %v", query, err)
		}
	}
	if _, err := ledgerConfig(t.Context(), "postgres+iam://plinth@one.example,two.example/ledger?sslmode=verify-full"); !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), "one host") {
		t.Errorf("two hosts: got %v", err)
	}
	awsEnvironment(t, "")
	if _, err := ledgerConfig(t.Context(), "postgres+iam://plinth@db.example/ledger?sslmode=verify-full"); !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("without a region: got %v", err)
	}
}

func TestPlacesOfALedger(t *testing.T) {
	awsEnvironment(t, "")
	for _, at := range []string{"", "ledger", "mysql://u:secret@h/d", "postgres://u:secret@h:port/d", "postgres://u:secret@h/d?sslmode=maybe", "host=h password=secret"} {
		_, err := ledgerConfig(t.Context(), at)
		if !errors.Is(err, asset.ErrInvalid) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v, want ErrInvalid without the password", at, err)
		}
	}
	cfg, err := ledgerConfig(t.Context(), "postgres://u:secret@h/d?statement_timeout=5")
	if err != nil {
		t.Fatal(err)
	}
	if p := cfg.ConnConfig.RuntimeParams; p["statement_timeout"] != "5" || p["idle_in_transaction_session_timeout"] != "30000" || cfg.BeforeConnect != nil {
		t.Errorf("got %v", p)
	}
}

func TestALedgerThatDoesNotAnswerIsUnavailable(t *testing.T) {
	awsEnvironment(t, "")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = OpenLedger(t.Context(), "postgres://u:secret@"+at+"/d?sslmode=disable")
	if !errors.Is(err, asset.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	hangsUp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := hangsUp.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = hangsUp.Close() })
	if _, err := OpenLedger(t.Context(), "postgres://u:secret@"+hangsUp.Addr().String()+"/d?sslmode=disable"); !errors.Is(err, asset.ErrUnavailable) {
		t.Errorf("one that hangs up: got %v, want ErrUnavailable", err)
	}
}
