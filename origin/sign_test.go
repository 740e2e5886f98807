package origin

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func keyOf(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func TestSignedURLs(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	keys := Keys{"acme": {keyOf(1), keyOf(2)}, "bcme": {keyOf(3)}}
	const path = "/p/acme/chair.glb"
	signed, err := keys.Sign(path, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	query := strings.TrimPrefix(signed, path+"?")
	verify := func(keys Keys, path, query string, at time.Time) (time.Duration, bool) {
		return keys.verify(routeOf(path, ""), path, query, at)
	}
	if left, ok := verify(keys, path, query, now); !ok || left != time.Hour {
		t.Errorf("got %v, %v", left, ok)
	}
	if _, ok := verify(keys, path, "h=640&"+query+"&form=web", now); !ok {
		t.Error("a device can't add its height")
	}
	if _, ok := verify(Keys{"acme": {keyOf(9), keyOf(1)}}, path, query, now); !ok {
		t.Error("an old key doesn't verify")
	}
	if left, ok := verify(keys, "/p/other/chair.glb", "", now); !ok || left != 0 {
		t.Error("a merchant without keys has no open URLs")
	}
	other, err := keys.Sign("/p/bcme/chair.glb", now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	_, query2, _ := strings.Cut(other, "?")
	for what, c := range map[string]struct {
		path, query string
		at          time.Time
	}{
		"no signature":            {path, "", now},
		"another model":           {"/p/acme/table.glb", query, now},
		"another kind":            {"/p/acme/chair.json", query, now},
		"another merchant":        {"/p/bcme/chair.glb", query, now},
		"another merchant's key":  {path, query2, now},
		"a later expiry":          {path, strings.Replace(query, "exp=1", "exp=2", 1), now},
		"after it expired":        {path, query, now.Add(time.Hour)},
		"half a signature":        {path, query[:len(query)-20], now},
		"an empty signature":      {path, query[:strings.Index(query, "sig=")+4], now},
		"an expiry of many digit": {path, "exp=9999999999999999999&" + query[strings.Index(query, "sig="):], now},
		"the first of two counts": {path, "exp=1&" + query, now},
	} {
		if _, ok := verify(keys, c.path, c.query, c.at); ok {
			t.Errorf("%s is accepted", what)
		}
	}
	for _, path := range []string{"/p/none/chair.glb", "/p/acme/../chair.glb", "/x"} {
		if _, err := keys.Sign(path, now); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestKeysAreChecked(t *testing.T) {
	good, err := json.Marshal(Keys{"acme": {keyOf(1)}})
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := ParseKeys(good); err != nil || len(keys["acme"][0]) != 32 {
		t.Errorf("got %v, %v", keys, err)
	}
	for _, text := range []string{`[]`, `null`, ``, `{} {}`, `{"acme": []}`, `{"acme": ["c2hvcnQ="]}`, `{"ACME": ["` + strings.Repeat("A", 44) + `"]}`, `{"acme": "x"}`, `{"acme": ["%%%"]}`} {
		if _, err := ParseKeys([]byte(text)); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
