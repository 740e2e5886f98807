package assettest

import (
	"context"
	"errors"
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func ledgerNotFound(x ledgerTest) {
	ctx := x.Context()
	_, secret := x.issue(asset.Key{Merchant: "acme", Scopes: []asset.Scope{asset.ScopeRead}})
	id := secret[:19]
	for name, do := range map[string]func() error{
		"Account": func() error { _, err := x.Account(ctx, "no"); return err },
		"Suspend": func() error { return x.Suspend(ctx, "test", "no", true) },
		"IssueKey": func() error {
			_, _, err := x.IssueKey(ctx, "test", asset.Key{Merchant: "no", Scopes: []asset.Scope{asset.ScopeRead}})
			return err
		},
		"RevokeKey":   func() error { return x.RevokeKey(ctx, "test", "no", id) },
		"another key": func() error { return x.RevokeKey(ctx, "test", "acme", "pk_aaaaaaaaaaaaaaaa") },
		"Keys":        func() error { _, err := x.Keys(ctx, "no", "", 10); return err },
		"Usage":       func() error { _, err := x.Usage(ctx, "no", "2026-01-01", "2026-01-01"); return err },
		"Append":      func() error { _, err := x.Append(ctx, asset.Entry{Merchant: "no", Who: "w", What: "x"}); return err },
		"Audit":       func() error { _, err := x.Audit(ctx, "no", 0, 10); return err },
		"VerifyAudit": func() error { _, err := x.VerifyAudit(ctx, "no"); return err },
	} {
		if err := do(); !errors.Is(err, asset.ErrNotFound) {
			x.Errorf("%s: got %v, want ErrNotFound", name, err)
		}
	}
}

func ledgerInvalid(x ledgerTest) {
	ctx := x.Context()
	read := []asset.Scope{asset.ScopeRead}
	account := func(a asset.Account) func() error {
		return func() error { _, err := x.CreateAccount(ctx, "test", a); return err }
	}
	key := func(k asset.Key) func() error {
		return func() error { _, _, err := x.IssueKey(ctx, "test", k); return err }
	}
	entry := func(detail string) func() error {
		return func() error {
			_, err := x.Append(ctx, asset.Entry{Merchant: "acme", Who: "w", What: "x", Detail: []byte(detail)})
			return err
		}
	}
	for name, do := range map[string]func() error{
		"an ID":             account(asset.Account{Merchant: "A B", Name: "x"}),
		"no name":           account(asset.Account{Merchant: "b"}),
		"a zero byte":       account(asset.Account{Merchant: "b", Name: "a\x00b"}),
		"no UTF-8":          account(asset.Account{Merchant: "b", Name: "\xff"}),
		"a long name":       account(asset.Account{Merchant: "b", Name: strings.Repeat("x", 201)}),
		"a limit below 0":   account(asset.Account{Merchant: "b", Name: "b", Limits: asset.Limits{Bytes: -1}}),
		"no scope":          key(asset.Key{Merchant: "acme"}),
		"an unknown scope":  key(asset.Key{Merchant: "acme", Scopes: []asset.Scope{"root"}}),
		"an expiry in past": key(asset.Key{Merchant: "acme", Scopes: read, Expires: x.clock.Now()}),
		"a key's ID":        func() error { return x.RevokeKey(ctx, "test", "acme", "pk_1") },
		"a page of nothing": func() error { _, err := x.Accounts(ctx, "", 0); return err },
		"a page of 1001":    func() error { _, err := x.Keys(ctx, "acme", "", 1001); return err },
		"before -1":         func() error { _, err := x.Audit(ctx, "acme", -1, 1); return err },
		"a day":             func() error { _, err := x.Usage(ctx, "acme", "2026-02-30", "2026-03-01"); return err },
		"1001 events":       func() error { return x.Record(ctx, make([]asset.Usage, 1001)) },
		"detail no object":  entry(`[1]`),
		"detail cut":        entry(`{"a":`),
		"detail no UTF-8":   entry("{\"a\":\"\xff\"}"),
		"a large detail":    entry(`{"a":"` + strings.Repeat("x", 1<<14) + `"}`),
	} {
		if err := do(); !errors.Is(err, asset.ErrInvalid) {
			x.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	x.sound("acme", 1)
}

func cancelled(x ledgerTest) {
	ctx, cancel := context.WithCancel(x.Context())
	cancel()
	_, err := x.CreateAccount(ctx, "test", asset.Account{Merchant: "b", Name: "b"})
	if !errors.Is(err, context.Canceled) || errors.Is(err, asset.ErrUnavailable) {
		x.Errorf("got %v, want that it is cancelled", err)
	}
	late, cancel := context.WithTimeout(x.Context(), 0)
	defer cancel()
	if _, err := x.Account(late, "acme"); !errors.Is(err, asset.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		x.Errorf("got %v, want ErrUnavailable for the deadline", err)
	}
}
