package assettest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// LedgerBackend is a ledger, empty, and ways around it, for those who tamper.
type LedgerBackend struct {
	Ledger  asset.Ledger
	Execute func(ctx context.Context, statement string) error // runs SQL
	Unlock  []string                                          // statements after which the audit can be changed
}

// clock is what a ledger of the tests goes by.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// ledgerTest is an open ledger with the merchant acme, whose steps must not fail.
type ledgerTest struct {
	*testing.T
	asset.Ledger
	clock *clock
	back  LedgerBackend
}

func (x ledgerTest) execute(statement string) error { return x.back.Execute(x.Context(), statement) }

func (x ledgerTest) unlock() (err error) {
	for _, statement := range x.back.Unlock {
		err = errors.Join(err, x.execute(statement))
	}
	return err
}

// Ledger tests a ledger that open makes, empty, by the clock it is given.
func Ledger(t *testing.T, open func(t *testing.T, now func() time.Time) LedgerBackend) {
	start := func(t *testing.T) ledgerTest {
		t.Parallel()
		c := &clock{now: time.Date(2026, 3, 4, 5, 6, 7, 8e6, time.UTC)}
		b := open(t, c.Now)
		x := ledgerTest{t, b.Ledger, c, b}
		x.create("acme")
		return x
	}
	for name, test := range map[string]func(ledgerTest){
		"a merchant is what was created":                         created,
		"merchants come in pages by ID":                          merchantsInPages,
		"of many who create a merchant one does":                 oneCreates,
		"a secret opens what its key may do":                     secretOpens,
		"a secret that opens nothing is told nothing":            secretTold,
		"the secret is not in the ledger's answers":              secretNowhere,
		"keys come in pages":                                     keysInPages,
		"a key is revoked by its merchant, once":                 revokedOnce,
		"an event is counted once":                               countedOnce,
		"of many who record an event one counts":                 oneCounts,
		"what many record adds up":                               addsUp,
		"usage is recorded whole or not at all":                  wholeOrNothing,
		"a change that is refused leaves no entry":               noEntry,
		"entries come in pages, the newest first":                entriesInPages,
		"entries of many writers are a chain":                    oneChain,
		"an audit that was tampered with shows it":               tampered,
		"an entry can't be changed by mistake":                   appendOnly,
		"what is not there is ErrNotFound":                       ledgerNotFound,
		"what can't be is ErrInvalid":                            ledgerInvalid,
		"a ledger that is asked with no time is not asked":       cancelled,
		"an entry has the detail it was given, and is hashed so": detailStays,
	} {
		t.Run(name, func(t *testing.T) { test(start(t)) })
	}
}

func (x ledgerTest) create(merchant string) asset.Account {
	x.Helper()
	a, err := x.CreateAccount(x.Context(), "test", asset.Account{Merchant: merchant, Name: "The " + merchant, Limits: asset.Limits{Models: 10, Bytes: 1 << 40, SignedURLs: true}})
	if err != nil {
		x.Fatal(err)
	}
	return a
}

func (x ledgerTest) issue(k asset.Key) (asset.Key, string) {
	x.Helper()
	k, secret, err := x.IssueKey(x.Context(), "test", k)
	if err != nil {
		x.Fatal(err)
	}
	return k, secret
}

func (x ledgerTest) entries(merchant string) []asset.Entry {
	x.Helper()
	list, err := x.Audit(x.Context(), merchant, 0, 1000)
	if err != nil {
		x.Fatal(err)
	}
	return list
}

// sound checks that the audit is a chain of so many entries.
func (x ledgerTest) sound(merchant string, entries int64) {
	x.Helper()
	if c, err := x.VerifyAudit(x.Context(), merchant); err != nil || c.Entries != entries {
		x.Errorf("got %d entries, %v, want %d", c.Entries, err, entries)
	}
}

// many runs do n times at once.
func many(n int, do func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

func created(x ledgerTest) {
	want := asset.Account{Merchant: "b", Name: "The b", Limits: asset.Limits{Models: 10, Bytes: 1 << 40, SignedURLs: true}, Created: x.clock.Now()}
	if got := x.create("b"); got != want {
		x.Errorf("got %+v, want %+v", got, want)
	}
	if got, err := x.Account(x.Context(), "b"); err != nil || got != want {
		x.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, suspended := range []bool{true, true, false} {
		if err := x.Suspend(x.Context(), "test", "b", suspended); err != nil {
			x.Fatal(err)
		}
		if got, err := x.Account(x.Context(), "b"); err != nil || got.Suspended != suspended {
			x.Errorf("got %+v, %v, want suspended %v", got, err, suspended)
		}
	}
	var log []string
	for _, e := range x.entries("b") {
		log = append(log, e.What)
	}
	if got := strings.Join(log, " "); got != "merchant.resume merchant.suspend merchant.create" {
		x.Errorf("the audit says %s", got)
	}
	if _, err := x.CreateAccount(x.Context(), "test", want); !errors.Is(err, asset.ErrConflict) {
		x.Errorf("created again: got %v, want ErrConflict", err)
	}
	x.sound("b", 3)
}

func merchantsInPages(x ledgerTest) {
	for _, m := range []string{"ab", "a-b", "a.c", "a_a", "0"} {
		x.create(m)
	}
	var got []string
	for after, done := "", false; !done; {
		page, err := x.Accounts(x.Context(), after, 4)
		if err != nil || len(page) > 4 {
			x.Fatalf("got %d, %v", len(page), err)
		}
		for _, a := range page {
			after = a.Merchant
			got = append(got, after)
		}
		done = len(page) == 0
	}
	if s := strings.Join(got, " "); s != "0 a-b a.c a_a ab acme" {
		x.Errorf("got %s", s)
	}
}

func oneCreates(x ledgerTest) {
	errs := make([]error, 6)
	many(len(errs), func(i int) {
		_, errs[i] = x.CreateAccount(x.Context(), "test", asset.Account{Merchant: "b", Name: "b"})
	})
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, asset.ErrConflict):
			x.Errorf("got %v, want ErrConflict", err)
		}
	}
	if won != 1 {
		x.Errorf("%d won", won)
	}
	x.sound("b", 1)
}

func noEntry(x ledgerTest) {
	if _, err := x.CreateAccount(x.Context(), "", asset.Account{Merchant: "b", Name: "b"}); !errors.Is(err, asset.ErrInvalid) {
		x.Errorf("by nobody: got %v, want ErrInvalid", err)
	}
	if _, err := x.Account(x.Context(), "b"); !errors.Is(err, asset.ErrNotFound) {
		x.Errorf("a merchant without an entry is there: %v", err)
	}
	k, secret := x.issue(asset.Key{Merchant: "acme", Scopes: []asset.Scope{asset.ScopeRead}})
	if err := x.RevokeKey(x.Context(), "", "acme", k.ID); !errors.Is(err, asset.ErrInvalid) {
		x.Errorf("by nobody: got %v, want ErrInvalid", err)
	}
	if err := x.Suspend(x.Context(), "", "acme", true); !errors.Is(err, asset.ErrInvalid) {
		x.Errorf("by nobody: got %v, want ErrInvalid", err)
	}
	if _, err := x.Authenticate(x.Context(), secret); err != nil {
		x.Errorf("what was refused was done: %v", err)
	}
	x.sound("acme", 2)
}
