package assettest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// write adds entries x1 to xn to acme's audit, after the one of its creation.
func (x ledgerTest) write(n int) {
	x.Helper()
	for i := range n {
		e := asset.Entry{Merchant: "acme", Who: "w", What: fmt.Sprintf("x%d", i+1), On: "o", Detail: json.RawMessage(`{"a": 1}`)}
		if _, err := x.Append(x.Context(), e); err != nil {
			x.Fatal(err)
		}
	}
}

func entriesInPages(x ledgerTest) {
	x.write(4)
	var got []string
	for before := int64(0); ; {
		page, err := x.Audit(x.Context(), "acme", before, 2)
		if err != nil {
			x.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			got = append(got, fmt.Sprintf("%d:%s", e.Number, e.What))
			before = e.Number
		}
	}
	if s := strings.Join(got, " "); s != "5:x4 4:x3 3:x2 2:x1 1:merchant.create" {
		x.Errorf("got %s", s)
	}
}

func detailStays(x ledgerTest) {
	at := x.clock.Now().Add(999 * time.Microsecond)
	x.clock.add(999 * time.Microsecond)
	// Floating point, order, escapes and what appears twice stay as they came.
	const detail = `{"b":1e400,"a":"\u0000<é","a":{}}`
	wrote, err := x.Append(x.Context(), asset.Entry{Merchant: "acme", Who: "käthe", What: "x", Detail: json.RawMessage(" " + detail + "\n"), Number: 99, At: at.Add(time.Hour), Previous: "p", Hash: "h"})
	if err != nil {
		x.Fatal(err)
	}
	list := x.entries("acme")
	e := list[0]
	if string(e.Detail) != detail || e.Number != 2 || e.Who != "käthe" || !e.At.Equal(at.Truncate(time.Millisecond)) || e.Previous != list[1].Hash || e.Hash != e.Sum() || list[1].Previous != "" {
		x.Errorf("got %+v", e)
	}
	if wrote.Hash != e.Hash || wrote.Number != e.Number {
		x.Errorf("it was %+v when it was written, and is %+v", wrote, e)
	}
	if e.Sum() == list[1].Sum() {
		x.Error("two entries have one hash")
	}
	x.sound("acme", 2)
}

func oneChain(x ledgerTest) {
	x.create("b")
	many(8, func(i int) {
		for k := range 5 {
			merchant := []string{"acme", "b"}[(i+k)%2]
			if _, err := x.Append(x.Context(), asset.Entry{Merchant: merchant, Who: "w", What: fmt.Sprintf("%d.%d", i, k)}); err != nil {
				x.Error(err)
			}
			if _, err := x.VerifyAudit(x.Context(), merchant); err != nil {
				x.Errorf("while others write: %v", err)
			}
		}
	})
	x.sound("acme", 21)
	x.sound("b", 21)
}

func appendOnly(x ledgerTest) {
	x.write(1)
	for _, statement := range []string{"UPDATE audit SET who = 'x'", "DELETE FROM audit"} {
		if err := x.execute(statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			x.Errorf("%s: got %v", statement, err)
		}
	}
	if _, err := x.VerifyAudit(x.Context(), "acme"); err != nil {
		x.Error(err)
	}
}

// tampered is what someone can do who can write to the tables.
func tampered(x ledgerTest) {
	x.write(4)
	x.create("b")
	kept, err := x.VerifyAudit(x.Context(), "acme")
	if err != nil || kept.Entries != 5 || kept.Head != x.entries("acme")[0].Hash {
		x.Fatalf("got %+v, %v", kept, err)
	}
	if err := x.unlock(); err != nil {
		x.Fatal(err)
	}
	where := " WHERE merchant = 'acme' AND number = 3"
	for _, c := range []struct {
		name, do, undo string
		number         int64
	}{
		{"another who", "UPDATE audit SET who = 'v'" + where, "UPDATE audit SET who = 'w'" + where, 3},
		{"another what", "UPDATE audit SET what = 'y'" + where, "UPDATE audit SET what = 'x2'" + where, 3},
		{"who and what moved", "UPDATE audit SET who = 'wx', what = '2'" + where, "UPDATE audit SET who = 'w', what = 'x2'" + where, 3},
		{"another target", "UPDATE audit SET target = ''" + where, "UPDATE audit SET target = 'o'" + where, 3},
		{"another detail", `UPDATE audit SET detail = '{"a":2}'` + where, `UPDATE audit SET detail = '{"a":1}'` + where, 3},
		{"another time", "UPDATE audit SET at = at + 1" + where, "UPDATE audit SET at = at - 1" + where, 3},
		{"moved to another", "UPDATE audit SET merchant = 'b'" + where, "UPDATE audit SET merchant = 'acme' WHERE merchant = 'b' AND number = 3", 3},
		{"another number", "UPDATE audit SET number = 9" + where, "UPDATE audit SET number = 3 WHERE merchant = 'acme' AND number = 9", 3},
		{"a head set back", "UPDATE merchants SET entries = 4 WHERE id = 'acme'", "UPDATE merchants SET entries = 5 WHERE id = 'acme'", 5},
		{"another head", "UPDATE merchants SET head = 'x' WHERE id = 'acme'", "UPDATE merchants SET head = '" + kept.Head + "' WHERE id = 'acme'", 6},
		{
			"one put in", "INSERT INTO audit (merchant, number, at, who, what, target, detail, previous, hash) SELECT merchant, 6, at, who, what, target, detail, '" + kept.Head + "', hash FROM audit" + where,
			"DELETE FROM audit WHERE merchant = 'acme' AND number = 6", 6,
		},
		{"one hashed anew", "UPDATE audit SET who = 'v', hash = '" + anew(x) + "'" + where, "", 4},
		{"the last taken out", "DELETE FROM audit WHERE merchant = 'acme' AND number >= 3", "", 3},
		{"all taken out", "DELETE FROM audit WHERE merchant = 'acme'", "", 1},
	} {
		if err := x.execute(c.do); err != nil {
			x.Fatalf("%s: %v", c.name, err)
		}
		_, err := x.VerifyAudit(x.Context(), "acme")
		if found, ok := errors.AsType[*asset.TamperError](err); !ok || found.Number != c.number || found.Merchant != "acme" {
			x.Errorf("%s: got %v, want entry %d", c.name, err, c.number)
		}
		if c.undo == "" {
			continue
		}
		if err := x.execute(c.undo); err != nil {
			x.Fatalf("%s: %v", c.name, err)
		}
		if got, err := x.VerifyAudit(x.Context(), "acme"); err != nil || got != kept {
			x.Errorf("after %s: got %+v, %v", c.name, got, err)
		}
	}
	x.sound("b", 1)
}

// anew is the hash that acme's entry 3 has with another who.
func anew(x ledgerTest) string {
	e := x.entries("acme")[2]
	e.Who = "v"
	return e.Sum()
}
