package ledger

import (
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func TestASecretIsItsOwnAndHasItsID(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		id, secret := newSecret()
		got, ok := keyOf(secret)
		if !ok || got != id || !isKeyID(id) || !opens(secret, asset.Hash([]byte(secret))) {
			t.Errorf("%s is of %q, %v", secret, got, ok)
		}
		if seen[id] || seen[secret[len(id):]] {
			t.Errorf("%s was there before", secret)
		}
		seen[id], seen[secret[len(id):]] = true, true
	}
}

func TestWhatIsNoSecret(t *testing.T) {
	id, secret := newSecret()
	for _, s := range []string{
		"", id, id + "_", secret + "a", secret[:len(secret)-1], "sk" + secret[2:], strings.Replace(secret, id+"_", id+".", 1),
		"pk_" + strings.Repeat("1", 16) + secret[len(id):], strings.ToUpper(secret),
	} {
		if got, ok := keyOf(s); ok {
			t.Errorf("%q is taken for one of %s", s, got)
		}
	}
	for _, hash := range []string{"", secret, asset.Hash([]byte(id))} {
		if opens(secret, hash) {
			t.Errorf("it opens %q", hash)
		}
	}
}
