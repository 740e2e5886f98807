package asset

import (
	"testing"
	"time"
)

func TestNoTwoEntriesHaveOneSum(t *testing.T) {
	e := Entry{Merchant: "m", Number: 1, At: time.UnixMilli(5), Who: "ab", What: "c", On: "d", Detail: []byte("{}"), Previous: "p"}
	sums := map[string]string{e.Sum(): "the entry"}
	for name, change := range map[string]func(*Entry){
		"merchant": func(e *Entry) { e.Merchant = "n" },
		"number":   func(e *Entry) { e.Number = 2 },
		"at":       func(e *Entry) { e.At = time.UnixMilli(6) },
		"who":      func(e *Entry) { e.Who = "ac" },
		"what":     func(e *Entry) { e.What = "e" },
		"on":       func(e *Entry) { e.On = "" },
		"detail":   func(e *Entry) { e.Detail = []byte("{ }") },
		"previous": func(e *Entry) { e.Previous = "" },
		"moved":    func(e *Entry) { e.Who, e.What = "a", "bc" },
	} {
		other := e
		change(&other)
		if same, ok := sums[other.Sum()]; ok {
			t.Errorf("%s: its sum is that of %s", name, same)
		}
		sums[other.Sum()] = name
	}
	e.Hash = "h"
	if sums[e.Sum()] != "the entry" {
		t.Error("the hash is in the sum")
	}
}

// What is chained once must stay so: a change of the sum would break every audit.
func TestTheSumOfAnEntryStays(t *testing.T) {
	e := Entry{Merchant: "acme", Number: 7, At: time.UnixMilli(1_772_600_767_008), Who: "cli:root", What: "key.issue", On: "pk_a", Detail: []byte(`{"a":1}`), Previous: "00"}
	if got, want := e.Sum(), "0733692f169dcabb30314e1a05457dfb684f292cfc9fc84f639a9b03b59cf5f6"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
