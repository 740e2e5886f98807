package ledger

import (
	"context"
	"fmt"

	"github.com/plinth3d/plinth/pipeline/asset"
)

const accountColumns = "m.id, m.name, m.max_models, m.max_bytes, m.signed_urls, m.suspended, m.created"

// account reads accountColumns, and more.
func account(r Row, a *asset.Account, more ...any) error {
	var created int64
	err := r.Scan(append([]any{&a.Merchant, &a.Name, &a.Limits.Models, &a.Limits.Bytes, &a.Limits.SignedURLs, &a.Suspended, &created}, more...)...)
	a.Created = moment(created)
	return err
}

// CreateAccount adds a merchant.
func (l *Ledger) CreateAccount(ctx context.Context, by string, a asset.Account) (asset.Account, error) {
	a.Created, a.Suspended = moment(millis(l.Now())), false
	err := first(asset.CheckID(a.Merchant), checkName("the merchant's name", a.Name),
		checkAmount("the limit of models", a.Limits.Models), checkAmount("the limit of bytes", a.Limits.Bytes))
	if err != nil {
		return asset.Account{}, err
	}
	err = l.DB.Change(ctx, func(tx Tx) error {
		added, err := tx.Exec(ctx, `INSERT INTO merchants (id, name, max_models, max_bytes, signed_urls, suspended, created, entries, head)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '') ON CONFLICT DO NOTHING`,
			a.Merchant, a.Name, a.Limits.Models, a.Limits.Bytes, a.Limits.SignedURLs, a.Suspended, millis(a.Created))
		if err != nil {
			return err
		}
		if added == 0 {
			return fmt.Errorf("%w: there is one already", asset.ErrConflict)
		}
		return l.note(ctx, tx, by, a.Merchant, "merchant.create", a.Merchant, struct {
			Name   string       `json:"name"`
			Limits asset.Limits `json:"limits"`
		}{a.Name, a.Limits})
	})
	if err != nil {
		return asset.Account{}, l.fault(ctx, err, "create merchant %s", a.Merchant)
	}
	return a, nil
}

// Account returns a merchant.
func (l *Ledger) Account(ctx context.Context, merchant string) (a asset.Account, err error) {
	if err := asset.CheckID(merchant); err != nil {
		return a, err
	}
	err = one(ctx, l.DB, func(r Row) error { return account(r, &a) }, "SELECT "+accountColumns+" FROM merchants m WHERE m.id = $1", merchant)
	return a, l.fault(ctx, err, "look up merchant %s", merchant)
}

// Accounts returns a page of merchants.
func (l *Ledger) Accounts(ctx context.Context, after string, limit int) (page []asset.Account, err error) {
	if err := first(checkText("the page's start", after), checkPage(limit)); err != nil {
		return nil, err
	}
	err = l.DB.Query(ctx, func(r Row) error {
		var a asset.Account
		err := account(r, &a)
		page = append(page, a)
		return err
	}, "SELECT "+accountColumns+" FROM merchants m WHERE m.id > $1 ORDER BY m.id LIMIT $2", after, limit)
	return page, l.fault(ctx, err, "list merchants")
}

// Suspend shuts a merchant out, or in again.
func (l *Ledger) Suspend(ctx context.Context, by, merchant string, suspended bool) error {
	if err := asset.CheckID(merchant); err != nil {
		return err
	}
	what := "merchant.resume"
	if suspended {
		what = "merchant.suspend"
	}
	err := l.DB.Change(ctx, func(tx Tx) error {
		changed, err := tx.Exec(ctx, "UPDATE merchants SET suspended = $2 WHERE id = $1 AND suspended <> $2", merchant, suspended)
		if err != nil {
			return err
		}
		if changed == 0 {
			return known(ctx, tx, merchant)
		}
		return l.note(ctx, tx, by, merchant, what, merchant, struct{}{})
	})
	return l.fault(ctx, err, "%s %s", what, merchant)
}

// known is ErrNotFound unless there is such a merchant. None is ever taken out.
func known(ctx context.Context, tx Tx, merchant string) error {
	var id string
	return one(ctx, tx, func(r Row) error { return r.Scan(&id) }, "SELECT id FROM merchants WHERE id = $1", merchant)
}
