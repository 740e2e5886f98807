package cloud

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// certificate makes one of a name, and a file with it for those who trust it.
func certificate(t *testing.T, name string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// doorman speaks PostgreSQL over TLS as RDS does as far as the password, which it
// passes on, and has no connections left then.
func doorman(t *testing.T, cert tls.Certificate) (address string, passwords <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	got := make(chan string, 9)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if password, ok := ask(c, cert); ok {
				got <- password
			}
			_ = c.Close()
		}
	}()
	return l.Addr().String(), got
}

func ask(c net.Conn, cert tls.Certificate) (string, bool) {
	if _, err := pgproto3.NewBackend(c, c).ReceiveStartupMessage(); err != nil {
		return "", false
	}
	if _, err := c.Write([]byte("S")); err != nil {
		return "", false
	}
	over := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
	b := pgproto3.NewBackend(over, over)
	if _, err := b.ReceiveStartupMessage(); err != nil {
		return "", false
	}
	b.Send(&pgproto3.AuthenticationCleartextPassword{})
	if b.Flush() != nil || b.SetAuthType(pgproto3.AuthTypeCleartextPassword) != nil {
		return "", false
	}
	m, err := b.Receive()
	if err != nil {
		return "", false
	}
	b.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "53300", Message: "too many connections"})
	_ = b.Flush()
	said, ok := m.(*pgproto3.PasswordMessage)
	return said.Password, ok
}

func TestATokenIsThePasswordOverTLS(t *testing.T) {
	awsEnvironment(t, "eu-central-1")
	cert, ca := certificate(t, "localhost")
	at, passwords := doorman(t, cert)
	_, port, _ := net.SplitHostPort(at)
	place := "postgres+iam://plinth@localhost:" + port + "/ledger?sslmode=verify-full&sslrootcert=" + url.QueryEscape(ca)
	_, err := OpenLedger(t.Context(), place)
	if !errors.Is(err, asset.ErrUnavailable) || pgCode(err) != "53300" || strings.Contains(err.Error(), "X-Amz-Signature") {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	select {
	case got := <-passwords:
		if !strings.HasPrefix(got, "localhost:"+port+"?Action=connect&DBUser=plinth&") || !strings.Contains(got, "X-Amz-Signature=") {
			t.Errorf("the password is %q", got)
		}
	case <-t.Context().Done():
		t.Fatal("no password arrived")
	}
}

func TestATokenIsNotToldToAnotherServer(t *testing.T) {
	awsEnvironment(t, "eu-central-1")
	ours, _ := certificate(t, "localhost")
	_, others := certificate(t, "localhost")
	wrong, trusted := certificate(t, "elsewhere")
	for name, c := range map[string]struct {
		cert tls.Certificate
		ca   string
	}{"an unknown one": {ours, others}, "one of another name": {wrong, trusted}} {
		at, passwords := doorman(t, c.cert)
		_, port, _ := net.SplitHostPort(at)
		_, err := OpenLedger(t.Context(), "postgres+iam://plinth@localhost:"+port+"/ledger?sslmode=verify-full&sslrootcert="+url.QueryEscape(c.ca))
		if err == nil || errors.Is(err, asset.ErrUnavailable) {
			t.Errorf("%s: got %v, want an error that stays", name, err)
		}
		if len(passwords) > 0 {
			t.Errorf("%s: it has the token", name)
		}
	}
}
