package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/plinth3d/plinth/pipeline/asset"
)

const entryColumns = "merchant, number, at, who, what, target, detail, previous, hash"

// entry reads entryColumns.
func entry(r Row) (e asset.Entry, err error) {
	var at int64
	var detail string
	err = r.Scan(&e.Merchant, &e.Number, &at, &e.Who, &e.What, &e.On, &detail, &e.Previous, &e.Hash)
	e.At, e.Detail = moment(at), json.RawMessage(detail)
	return e, err
}

// note writes to the audit within the transaction of the change.
func (l *Ledger) note(ctx context.Context, tx Tx, by, merchant, what, on string, detail any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	e := asset.Entry{Merchant: merchant, Who: by, What: what, On: on, Detail: text}
	if err := checkEntry(&e); err != nil {
		return err
	}
	return l.write(ctx, tx, &e)
}

// write takes the next place in the chain. The row of the merchant is this
// transaction's from then on.
func (l *Ledger) write(ctx context.Context, tx Tx, e *asset.Entry) error {
	err := one(ctx, tx, func(r Row) error { return r.Scan(&e.Number, &e.Previous) },
		"UPDATE merchants SET entries = entries + 1 WHERE id = $1 RETURNING entries, head", e.Merchant)
	if err != nil {
		return err
	}
	e.At = moment(millis(l.Now()))
	e.Hash = e.Sum()
	_, err = tx.Exec(ctx, "INSERT INTO audit ("+entryColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		e.Merchant, e.Number, millis(e.At), e.Who, e.What, e.On, string(e.Detail), e.Previous, e.Hash)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE merchants SET head = $2 WHERE id = $1", e.Merchant, e.Hash)
	return err
}

// checkEntry makes the detail compact, and an object where there is none.
func checkEntry(e *asset.Entry) error {
	err := first(asset.CheckID(e.Merchant), checkName("who", e.Who), checkName("what", e.What), checkText("on what", e.On))
	if err != nil {
		return err
	}
	if len(e.Detail) == 0 {
		e.Detail = json.RawMessage("{}")
	}
	var b bytes.Buffer
	if len(e.Detail) > maxDetail || !utf8.Valid(e.Detail) || json.Compact(&b, e.Detail) != nil || b.Bytes()[0] != '{' {
		return fmt.Errorf("%w: the detail is no JSON object of at most %d bytes", asset.ErrInvalid, maxDetail)
	}
	e.Detail = b.Bytes()
	return nil
}

// Append adds an entry to the audit.
func (l *Ledger) Append(ctx context.Context, e asset.Entry) (asset.Entry, error) {
	if err := checkEntry(&e); err != nil {
		return asset.Entry{}, err
	}
	if err := l.DB.Change(ctx, func(tx Tx) error { return l.write(ctx, tx, &e) }); err != nil {
		return asset.Entry{}, l.fault(ctx, err, "write to the audit of %s", e.Merchant)
	}
	return e, nil
}

// Audit returns a page of entries.
func (l *Ledger) Audit(ctx context.Context, merchant string, before int64, limit int) (page []asset.Entry, err error) {
	if err := first(asset.CheckID(merchant), checkPage(limit)); err != nil {
		return nil, err
	}
	if before < 0 {
		return nil, fmt.Errorf("%w: a page before entry %d", asset.ErrInvalid, before)
	}
	if before == 0 {
		before = math.MaxInt64
	}
	err = known(ctx, l.DB, merchant)
	if err == nil {
		err = l.DB.Query(ctx, func(r Row) error {
			e, err := entry(r)
			page = append(page, e)
			return err
		}, "SELECT "+entryColumns+" FROM audit WHERE merchant = $1 AND number < $2 ORDER BY number DESC LIMIT $3", merchant, before, limit)
	}
	return page, l.fault(ctx, err, "read the audit of %s", merchant)
}

// VerifyAudit reads the audit from the first entry on, as far as it goes now: what is
// written meanwhile comes after.
func (l *Ledger) VerifyAudit(ctx context.Context, merchant string) (asset.Chain, error) {
	if err := asset.CheckID(merchant); err != nil {
		return asset.Chain{}, err
	}
	var says, is asset.Chain
	var there int64
	err := one(ctx, l.DB, func(r Row) error { return r.Scan(&says.Entries, &says.Head, &there) },
		"SELECT entries, head, (SELECT count(*) FROM audit WHERE merchant = $1) FROM merchants WHERE id = $1", merchant)
	for more := true; err == nil && more; {
		more, err = l.follow(ctx, merchant, says.Entries, &is)
	}
	if err == nil && (is != says || there != is.Entries) {
		err = &asset.TamperError{Merchant: merchant, Number: is.Entries + 1, Reason: fmt.Sprintf(
			"the merchant has %d entries that end with %.16q, the audit has %d, of which %d are a chain that ends with %.16q", says.Entries, says.Head, there, is.Entries, is.Head)}
	}
	return is, l.fault(ctx, err, "verify the audit of %s", merchant)
}

// follow goes along a chain by a page, at most to the last entry.
func (l *Ledger) follow(ctx context.Context, merchant string, last int64, c *asset.Chain) (more bool, err error) {
	wrong := func(format string, about ...any) error {
		return &asset.TamperError{Merchant: merchant, Number: c.Entries + 1, Reason: fmt.Sprintf(format, about...)}
	}
	err = l.DB.Query(ctx, func(r Row) error {
		e, err := entry(r)
		more = true
		switch {
		case err != nil:
			return err
		case e.Number != c.Entries+1:
			return wrong("the next one there is has number %d", e.Number)
		case e.Previous != c.Head:
			return wrong("it does not follow the one before")
		case e.Hash != e.Sum():
			return wrong("it is not what its hash says")
		}
		c.Entries, c.Head = e.Number, e.Hash
		return nil
	}, "SELECT "+entryColumns+" FROM audit WHERE merchant = $1 AND number > $2 AND number <= $3 ORDER BY number LIMIT $4", merchant, c.Entries, last, maxPage)
	return more, err
}
