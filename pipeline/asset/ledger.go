package asset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// An Account is a merchant as the ledger knows it.
type Account struct {
	Merchant  string    `json:"merchant"` // its ID, see CheckID
	Name      string    `json:"name"`     // for people
	Limits    Limits    `json:"limits"`
	Suspended bool      `json:"suspended"` // none of its keys opens anything
	Created   time.Time `json:"created"`
}

// Limits are what a merchant may have.
type Limits struct {
	Models     int64 `json:"models"`     // 0 is no limit
	Bytes      int64 `json:"bytes"`      // of all files that are kept; 0 is no limit
	SignedURLs bool  `json:"signedUrls"` // products are served at signed addresses only
}

// A Scope is something an API key may do. None includes another.
type Scope string

// Keys upload, read what is there, or administer the merchant's own keys.
const (
	ScopeUpload Scope = "upload"
	ScopeRead   Scope = "read"
	ScopeAdmin  Scope = "admin"
)

// A Key is an API key without its secret, which only its holder has.
type Key struct {
	ID       string    `json:"id"` // pk_ and 16 letters and digits: no secret, the secret begins with it
	Merchant string    `json:"merchant"`
	Name     string    `json:"name"` // for people
	Scopes   []Scope   `json:"scopes"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires,omitzero"` // from then on it opens nothing; zero is never
	Revoked  time.Time `json:"revoked,omitzero"` // since then it opens nothing
}

// A Grant is what an API key opens.
type Grant struct {
	Account Account
	Key     Key
}

// May says whether the key has a scope.
func (g Grant) May(s Scope) bool { return slices.Contains(g.Key.Scopes, s) }

// Usage is what a merchant used. An event is something that happened once, however often
// it is recorded; the sums that Ledger.Usage returns have none.
type Usage struct {
	Event      string  `json:"event,omitempty"` // unique within the merchant
	Merchant   string  `json:"merchant"`
	Day        string  `json:"day"`  // 2006-01-02, UTC
	Kind       string  `json:"kind"` // convert, upload...: few, not one per model
	Count      int64   `json:"count"`
	Bytes      int64   `json:"bytes"`
	CPUSeconds float64 `json:"cpuSeconds"` // kept to the microsecond
}

// An Entry of the audit says who did what. Those of a merchant form a chain: each has the
// hash of the one before in its own.
type Entry struct {
	Merchant string          `json:"merchant"`
	Number   int64           `json:"number"` // 1 is the merchant's first
	At       time.Time       `json:"at"`     // to the millisecond
	Who      string          `json:"who"`
	What     string          `json:"what"` // key.issue, merchant.suspend...
	On       string          `json:"on"`
	Detail   json.RawMessage `json:"detail"`   // an object; never a secret
	Previous string          `json:"previous"` // hash of the entry before, "" for the first
	Hash     string          `json:"hash"`
}

// Sum is the hash that e should have: the SHA-256, in hex, of all other fields, each
// after its length, so that no two entries are written alike.
func (e Entry) Sum() string {
	h := sha256.New()
	for _, field := range [][]byte{
		[]byte("plinth audit 1"), []byte(e.Previous), []byte(e.Merchant),
		binary.BigEndian.AppendUint64(nil, uint64(e.Number)), binary.BigEndian.AppendUint64(nil, uint64(e.At.UnixMilli())),
		[]byte(e.Who), []byte(e.What), []byte(e.On), e.Detail,
	} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		h.Write(field)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A Chain is the audit of a merchant in short. Who keeps one elsewhere can tell later
// that everything up to it is still what it was, whoever could write to the ledger.
type Chain struct {
	Entries int64  `json:"entries"`
	Head    string `json:"head"` // hash of the newest entry
}

// A TamperError says that an audit is not what was written.
type TamperError struct {
	Merchant string
	Number   int64 // of the first entry that is wrong
	Reason   string
}

func (e *TamperError) Error() string {
	return fmt.Sprintf("the audit of %s was tampered with at entry %d: %s", e.Merchant, e.Number, e.Reason)
}

// A Ledger knows merchants, their API keys, what they used, and who changed what. What
// takes by, who asks for it, writes to the audit in the same transaction: there is no
// change without its entry, and no entry without its change. Pages have at most limit
// items, 1 to 1000.
type Ledger interface {
	// CreateAccount adds a merchant. An ID that is taken is ErrConflict.
	CreateAccount(ctx context.Context, by string, a Account) (Account, error)

	// Account returns a merchant, ErrNotFound when there is none.
	Account(ctx context.Context, merchant string) (Account, error)

	// Accounts returns a page of merchants by ID, those after one; "" is before all.
	Accounts(ctx context.Context, after string, limit int) ([]Account, error)

	// Suspend shuts a merchant out, or in again. One that is so already stays so,
	// without an entry.
	Suspend(ctx context.Context, by, merchant string, suspended bool) error

	// IssueKey makes an API key of the merchant, name, scopes and time to expire of k. It
	// returns the secret, which nobody can tell again.
	IssueKey(ctx context.Context, by string, k Key) (issued Key, secret string, err error)

	// Authenticate says what a secret opens. One that is unknown, expired or revoked,
	// or of a merchant that is suspended, is ErrNotFound, in the same words.
	Authenticate(ctx context.Context, secret string) (Grant, error)

	// RevokeKey ends a key of a merchant for good. One that is revoked stays so, without
	// an entry.
	RevokeKey(ctx context.Context, by, merchant, id string) error

	// Keys returns a page of a merchant's keys by ID, those after one.
	Keys(ctx context.Context, merchant, after string, limit int) ([]Key, error)

	// Record adds what was used: all of it, at most 1000, or on an error nothing. An
	// event that was recorded before counts as it was then: trying again is safe.
	Record(ctx context.Context, used []Usage) error

	// Usage returns what a merchant used from one day to another, both included,
	// summed by day and kind, in this order.
	Usage(ctx context.Context, merchant, from, to string) ([]Usage, error)

	// Append adds an entry to the audit of its merchant. Number, time and hashes are
	// the ledger's to give.
	Append(ctx context.Context, e Entry) (Entry, error)

	// Audit returns a page of a merchant's entries, the newest first: those before a
	// number; 0 is after all.
	Audit(ctx context.Context, merchant string, before int64, limit int) ([]Entry, error)

	// VerifyAudit reads the audit of a merchant from the first entry on. One that was
	// changed, taken out or put in is a *TamperError.
	VerifyAudit(ctx context.Context, merchant string) (Chain, error)
}
