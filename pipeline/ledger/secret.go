package ledger

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A secret is pk_, 16 letters and digits that are no secret, an underscore, and 256 random
// bits. What comes before the underscore is the key's ID. As one word of letters, digits
// and underscores it is marked by a double click and needs no quotes anywhere.
const (
	keyPrefix = "pk_"
	idBytes   = 10
	bodyBytes = 32
)

var base = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newSecret makes a secret, and the ID it begins with.
func newSecret() (id, secret string) {
	var b [idBytes + bodyBytes]byte
	_, _ = rand.Read(b[:]) // it never fails
	id = keyPrefix + base.EncodeToString(b[:idBytes])
	return id, id + "_" + base.EncodeToString(b[idBytes:])
}

// keyOf is the ID a secret begins with, if it has the form of one.
func keyOf(secret string) (id string, ok bool) {
	at := len(keyPrefix) + base.EncodedLen(idBytes)
	if len(secret) != at+1+base.EncodedLen(bodyBytes) || secret[at] != '_' {
		return "", false
	}
	return secret[:at], isKeyID(secret[:at])
}

// isKeyID says whether s may be the ID of a key.
func isKeyID(s string) bool {
	text, ok := strings.CutPrefix(s, keyPrefix)
	if !ok || len(text) != base.EncodedLen(idBytes) {
		return false
	}
	_, err := base.DecodeString(text)
	return err == nil
}

// opens says whether a secret is the one with that hash. A fast hash is right: nobody can
// try 2^256 secrets. The comparison takes as long wherever the two differ.
func opens(secret, hash string) bool {
	return subtle.ConstantTimeCompare([]byte(asset.Hash([]byte(secret))), []byte(hash)) == 1
}
