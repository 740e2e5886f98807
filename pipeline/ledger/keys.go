package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
)

const keyColumns = "k.id, k.merchant, k.name, k.scopes, k.created, k.expires, k.revoked"

// key reads keyColumns.
type key struct {
	asset.Key
	scopes                    string
	created, expires, revoked int64
}

func (k *key) columns() []any {
	return []any{&k.ID, &k.Merchant, &k.Name, &k.scopes, &k.created, &k.expires, &k.revoked}
}

func (k *key) read() asset.Key {
	for s := range strings.SplitSeq(k.scopes, ",") {
		k.Scopes = append(k.Scopes, asset.Scope(s))
	}
	k.Created, k.Expires, k.Revoked = moment(k.created), moment(k.expires), moment(k.revoked)
	return k.Key
}

// scopes are the known ones of a key, in order and once.
func scopes(given []asset.Scope) ([]asset.Scope, error) {
	all := []asset.Scope{asset.ScopeAdmin, asset.ScopeRead, asset.ScopeUpload}
	for _, s := range given {
		if !slices.Contains(all, s) {
			return nil, fmt.Errorf("%w: scope %.40q is none of admin, read, upload", asset.ErrInvalid, s)
		}
	}
	if len(given) == 0 {
		return nil, fmt.Errorf("%w: the key has no scope; say admin, read or upload", asset.ErrInvalid)
	}
	return slices.DeleteFunc(all, func(s asset.Scope) bool { return !slices.Contains(given, s) }), nil
}

func joined(s []asset.Scope) string {
	names := make([]string, len(s))
	for i := range s {
		names[i] = string(s[i])
	}
	return strings.Join(names, ",")
}

// IssueKey makes an API key.
func (l *Ledger) IssueKey(ctx context.Context, by string, k asset.Key) (asset.Key, string, error) {
	now := l.Now()
	kept, err := scopes(k.Scopes)
	if err = first(err, asset.CheckID(k.Merchant), checkText("the key's name", k.Name)); err != nil {
		return asset.Key{}, "", err
	}
	if !k.Expires.IsZero() && !k.Expires.After(now) {
		return asset.Key{}, "", fmt.Errorf("%w: the key would expire at %s, which is past", asset.ErrInvalid, k.Expires)
	}
	id, secret := newSecret()
	k = asset.Key{ID: id, Merchant: k.Merchant, Name: k.Name, Scopes: kept, Created: moment(millis(now)), Expires: moment(millis(k.Expires))}
	err = l.DB.Change(ctx, func(tx Tx) error {
		if err := l.note(ctx, tx, by, k.Merchant, "key.issue", k.ID, k); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO api_keys (id, hash, merchant, name, scopes, created, expires, revoked) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
			k.ID, asset.Hash([]byte(secret)), k.Merchant, k.Name, joined(k.Scopes), millis(k.Created), millis(k.Expires))
		return err
	})
	if err != nil {
		return asset.Key{}, "", l.fault(ctx, err, "issue a key of merchant %s", k.Merchant)
	}
	return k, secret, nil
}

// errNoKey is all that one hears who has no good secret.
var errNoKey = fmt.Errorf("%w: the API key is not valid", asset.ErrNotFound)

// Authenticate says what a secret opens.
func (l *Ledger) Authenticate(ctx context.Context, secret string) (asset.Grant, error) {
	id, ok := keyOf(secret)
	if !ok {
		return asset.Grant{}, errNoKey
	}
	var a asset.Account
	var k key
	var hash string
	err := one(ctx, l.DB, func(r Row) error { return account(r, &a, append(k.columns(), &hash)...) },
		"SELECT "+accountColumns+", "+keyColumns+", k.hash FROM api_keys k JOIN merchants m ON m.id = k.merchant WHERE k.id = $1", id)
	if err != nil && !errors.Is(err, asset.ErrNotFound) {
		return asset.Grant{}, l.fault(ctx, err, "authenticate")
	}
	// All of it is asked of every secret, so that the time doesn't tell what is wrong.
	good := opens(secret, hash)
	over := k.expires != 0 && l.Now().UnixMilli() >= k.expires
	if !good || over || k.revoked != 0 || a.Suspended {
		return asset.Grant{}, errNoKey
	}
	return asset.Grant{Account: a, Key: k.read()}, nil
}

// RevokeKey ends a key.
func (l *Ledger) RevokeKey(ctx context.Context, by, merchant, id string) error {
	if err := asset.CheckID(merchant); err != nil {
		return err
	}
	if !isKeyID(id) {
		// Not said again: it may be a secret, and errors go to logs.
		return fmt.Errorf("%w: that is no key's ID, which is pk_ and 16 letters and digits", asset.ErrInvalid)
	}
	err := l.DB.Change(ctx, func(tx Tx) error {
		changed, err := tx.Exec(ctx, "UPDATE api_keys SET revoked = $3 WHERE id = $1 AND merchant = $2 AND revoked = 0", id, merchant, l.Now().UnixMilli())
		if err != nil {
			return err
		}
		if changed == 0 {
			return one(ctx, tx, func(r Row) error { return r.Scan(new(string)) }, "SELECT id FROM api_keys WHERE id = $1 AND merchant = $2", id, merchant)
		}
		return l.note(ctx, tx, by, merchant, "key.revoke", id, struct{}{})
	})
	return l.fault(ctx, err, "revoke key %s of merchant %s", id, merchant)
}

// Keys returns a page of a merchant's keys.
func (l *Ledger) Keys(ctx context.Context, merchant, after string, limit int) (page []asset.Key, err error) {
	if err := first(asset.CheckID(merchant), checkText("the page's start", after), checkPage(limit)); err != nil {
		return nil, err
	}
	err = known(ctx, l.DB, merchant)
	if err == nil {
		err = l.DB.Query(ctx, func(r Row) error {
			var k key
			err := r.Scan(k.columns()...)
			page = append(page, k.read())
			return err
		}, "SELECT "+keyColumns+" FROM api_keys k WHERE k.merchant = $1 AND k.id > $2 ORDER BY k.id LIMIT $3", merchant, after, limit)
	}
	return page, l.fault(ctx, err, "list keys of merchant %s", merchant)
}
