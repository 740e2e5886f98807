package assettest

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

var secretForm = regexp.MustCompile(`^pk_[a-z2-7]{16}_[a-z2-7]{52}$`)

func secretOpens(x ledgerTest) {
	day := x.clock.Now().Add(24 * time.Hour)
	k, secret := x.issue(asset.Key{Merchant: "acme", Name: "shop", Scopes: []asset.Scope{asset.ScopeUpload, asset.ScopeRead, asset.ScopeRead}, Expires: day})
	if !secretForm.MatchString(secret) || !strings.HasPrefix(secret, k.ID+"_") {
		x.Errorf("the secret is %s, of key %s", secret, k.ID)
	}
	if !slices.Equal(k.Scopes, []asset.Scope{asset.ScopeRead, asset.ScopeUpload}) || !k.Expires.Equal(day) || k.Name != "shop" || !k.Created.Equal(x.clock.Now()) {
		x.Errorf("the key is %+v", k)
	}
	g, err := x.Authenticate(x.Context(), secret)
	if err != nil {
		x.Fatal(err)
	}
	if g.Account.Merchant != "acme" || g.Account.Limits.Models != 10 || g.Key.ID != k.ID || g.Key.Merchant != "acme" {
		x.Errorf("got %+v", g)
	}
	if !g.May(asset.ScopeRead) || !g.May(asset.ScopeUpload) || g.May(asset.ScopeAdmin) {
		x.Errorf("scopes are %v", g.Key.Scopes)
	}
	if _, other := x.issue(asset.Key{Merchant: "acme", Scopes: k.Scopes}); other == secret {
		x.Error("two keys have one secret")
	}
	if e := x.entries("acme")[1]; e.What != "key.issue" || e.On != k.ID || e.Who != "test" {
		x.Errorf("the audit says %+v", e)
	}
}

func secretTold(x ledgerTest) {
	ctx := x.Context()
	x.create("shut")
	read := []asset.Scope{asset.ScopeRead}
	_, good := x.issue(asset.Key{Merchant: "acme", Scopes: read})
	revoked, gone := x.issue(asset.Key{Merchant: "acme", Scopes: read})
	_, expired := x.issue(asset.Key{Merchant: "acme", Scopes: read, Expires: x.clock.Now().Add(time.Hour)})
	_, shut := x.issue(asset.Key{Merchant: "shut", Scopes: read})
	if err := x.RevokeKey(ctx, "test", "acme", revoked.ID); err != nil {
		x.Fatal(err)
	}
	if err := x.Suspend(ctx, "test", "shut", true); err != nil {
		x.Fatal(err)
	}
	x.clock.add(time.Hour - time.Millisecond)
	if _, err := x.Authenticate(ctx, expired); err != nil {
		x.Errorf("before it expires: %v", err)
	}
	x.clock.add(time.Millisecond)
	last := "a"
	if strings.HasSuffix(good, last) {
		last = "b"
	}
	var said []string
	for name, secret := range map[string]string{
		"none": "", "no form": "hello", "an ID": good[:19], "unknown": "pk_" + strings.Repeat("a", 16) + "_" + strings.Repeat("a", 52),
		"another ending": good[:len(good)-1] + last, "another's body": good[:20] + gone[20:], "too long": good + "a", "upper case": strings.ToUpper(good),
		"a zero byte": "pk_" + strings.Repeat("\x00", 69), "no UTF-8": "pk_\xff" + good[4:], "revoked": gone, "expired": expired, "suspended": shut,
	} {
		g, err := x.Authenticate(ctx, secret)
		if !errors.Is(err, asset.ErrNotFound) {
			x.Errorf("%s: got %+v, %v, want ErrNotFound", name, g, err)
			continue
		}
		said = append(said, err.Error())
	}
	slices.Sort(said)
	if said = slices.Compact(said); len(said) != 1 {
		x.Errorf("they are told apart: %q", said)
	}
	if _, err := x.Authenticate(ctx, good); err != nil {
		x.Errorf("the good one: %v", err)
	}
	if err := x.Suspend(ctx, "test", "shut", false); err != nil {
		x.Fatal(err)
	}
	if _, err := x.Authenticate(ctx, shut); err != nil {
		x.Errorf("let in again: %v", err)
	}
}

func secretNowhere(x ledgerTest) {
	k, secret := x.issue(asset.Key{Merchant: "acme", Scopes: []asset.Scope{asset.ScopeRead}})
	g, err := x.Authenticate(x.Context(), secret)
	if err != nil {
		x.Fatal(err)
	}
	list, err := x.Keys(x.Context(), "acme", "", 10)
	if err != nil {
		x.Fatal(err)
	}
	text, err := json.Marshal([]any{k, g, list, x.entries("acme")})
	if err != nil {
		x.Fatal(err)
	}
	for what, hidden := range map[string]string{"secret": secret[20:], "hash": asset.Hash([]byte(secret))} {
		if strings.Contains(string(text), hidden) {
			x.Errorf("the %s is in %s", what, text)
		}
	}
	if err := x.RevokeKey(x.Context(), "test", "acme", secret); err == nil || strings.Contains(err.Error(), secret[20:]) {
		x.Errorf("a secret for an ID: got %v", err)
	}
}

func keysInPages(x ledgerTest) {
	x.create("b")
	x.issue(asset.Key{Merchant: "b", Scopes: []asset.Scope{asset.ScopeRead}})
	want := map[string]asset.Key{}
	for range 5 {
		k, _ := x.issue(asset.Key{Merchant: "acme", Name: "n", Scopes: []asset.Scope{asset.ScopeRead, asset.ScopeAdmin}})
		want[k.ID] = k
	}
	after, pages := "", 0
	for {
		page, err := x.Keys(x.Context(), "acme", after, 2)
		if err != nil {
			x.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		pages++
		for _, k := range page {
			w, ok := want[k.ID]
			if !ok || k.ID <= after || k.Name != w.Name || !slices.Equal(k.Scopes, w.Scopes) || !k.Created.Equal(w.Created) || !k.Expires.IsZero() || !k.Revoked.IsZero() {
				x.Errorf("after %q: got %+v, want %+v", after, k, w)
			}
			delete(want, k.ID)
			after = k.ID
		}
	}
	if len(want) != 0 || pages != 3 {
		x.Errorf("%d are missing after %d pages", len(want), pages)
	}
}

func revokedOnce(x ledgerTest) {
	x.create("b")
	k, secret := x.issue(asset.Key{Merchant: "acme", Scopes: []asset.Scope{asset.ScopeRead}})
	if err := x.RevokeKey(x.Context(), "test", "b", k.ID); !errors.Is(err, asset.ErrNotFound) {
		x.Errorf("by another merchant: got %v, want ErrNotFound", err)
	}
	if _, err := x.Authenticate(x.Context(), secret); err != nil {
		x.Fatal(err)
	}
	x.clock.add(time.Minute)
	at := x.clock.Now()
	many(4, func(int) {
		if err := x.RevokeKey(x.Context(), "test", "acme", k.ID); err != nil {
			x.Error(err)
		}
	})
	x.clock.add(time.Minute)
	if err := x.RevokeKey(x.Context(), "test", "acme", k.ID); err != nil {
		x.Error(err)
	}
	if list, err := x.Keys(x.Context(), "acme", "", 10); err != nil || len(list) != 1 || !list[0].Revoked.Equal(at) {
		x.Errorf("got %+v, %v, want it revoked at %s", list, err, at)
	}
	x.sound("acme", 3)
}
