package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/origin"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
)

// awsKeys is where the keys of merchants are whose URLs are signed.
const awsKeys = "keys/signing.json"

// awsPutKeys puts keys in the place of those that are there.
func awsPutKeys(t *testing.T, p *awstest.Installation, keys origin.Keys) {
	t.Helper()
	text, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	err = p.Store.Remove(t.Context(), awsKeys)
	if err == nil || errors.Is(err, asset.ErrNotFound) {
		err = p.Store.Put(t.Context(), awsKeys, strings.NewReader(string(text)), int64(len(text)))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// awsSigned closes a merchant who was open, and changes the key, while an origin runs.
func awsSigned(t *testing.T, p *awstest.Installation, shop *process) {
	t.Helper()
	const path = "/p/acme/fern.glb"
	one, two := []byte(strings.Repeat("1", 32)), []byte(strings.Repeat("2", 32))
	sign := func(key []byte) string {
		t.Helper()
		signed, err := origin.Keys{"acme": {key}}.Sign(path, time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	status := func(path string) int {
		answer, _ := shop.ask("GET", path, nil)
		return answer.StatusCode
	}
	for _, step := range []struct {
		what                   string
		keys                   origin.Keys
		unsigned, first, other int
	}{
		{"open", origin.Keys{}, 200, 200, 200},
		{"closed", origin.Keys{"acme": {one}}, 404, 200, 404},
		{"with a second key", origin.Keys{"acme": {two, one}}, 404, 200, 200},
		{"with the second alone", origin.Keys{"acme": {two}}, 404, 404, 200},
	} {
		awsPutKeys(t, p, step.keys)
		want := [3]int{step.unsigned, step.first, step.other}
		for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			got := [3]int{status(path), status(sign(one)), status(sign(two))}
			if got == want {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s: without a signature, by one key and the other: got %d, want %d", step.what, got, want)
			}
		}
	}
}
