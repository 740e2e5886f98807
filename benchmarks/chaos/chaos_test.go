package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
)

func TestAPlanIsTheSameForASeed(t *testing.T) {
	var plans [3]string
	for i, seed := range []uint64{1, 1, 2} {
		all, err := plan(options{jobs: 100, seed: seed}, pipeline.Default())
		if err != nil {
			t.Fatal(err)
		}
		count, broken, versions := map[string]int{}, 0, map[string]map[string]bool{}
		for _, u := range all {
			plans[i] += u.lane + u.Model + u.Version.Version + " "
			count[u.Version.Version]++
			if u.broken {
				broken++
			}
			if versions[u.Model] == nil {
				versions[u.Model] = map[string]bool{}
			}
			versions[u.Model][u.Version.Version] = true
		}
		twice, several := 0, 0
		for _, n := range count {
			twice += n - 1
		}
		for _, v := range versions {
			several += len(v) - 1
		}
		if len(count) != 100 || broken != 2 || twice < 5 || several < 15 {
			t.Errorf("%d versions, %d broken, %d sent again, %d of a model that was there", len(count), broken, twice, several)
		}
	}
	if plans[0] != plans[1] || plans[0] == plans[2] {
		t.Error("a plan is not its seed's")
	}
}

func TestTheHistoryHasEachManifestThatWasWritten(t *testing.T) {
	h := newHistory()
	write := func(status int, bytes int64) {
		var body bytesOf
		if err := body.pack(asset.Manifest{Model: "a", Version: "1", Source: asset.Source{Bytes: bytes}}); err != nil {
			t.Fatal(err)
		}
		h.see(awstest.Exchange{Target: "DynamoDB_20120810.TransactWriteItems", Status: status, Request: fmt.Appendf(nil,
			`{"TransactItems":[{"Put":{"Item":{"pk":{"S":"m/a"},"sk":{"S":"version/1"}}}},{"Put":{"Item":{"pk":{"S":"m/a"},"sk":{"S":"manifest/1"},"body":{"B":%q}}}}]}`, body.text())})
	}
	write(http.StatusOK, 1)
	write(http.StatusBadRequest, 2)
	write(http.StatusOK, 3)
	if got := h.manifests["m/a manifest/1"]; len(h.manifests) != 1 || len(got) != 2 || got[0].Source.Bytes != 1 || got[1].Source.Bytes != 3 || len(h.faults) > 0 {
		t.Errorf("got %+v, %v", h.manifests, h.faults)
	}
	h.see(awstest.Exchange{Target: "DynamoDB_20120810.PutItem", Status: http.StatusOK, Request: []byte("{")})
	if len(h.faults) != 1 {
		t.Error("what can't be read is not told")
	}
}

// bytesOf packs a manifest as the catalog does.
type bytesOf struct{ bytes.Buffer }

func (b *bytesOf) pack(m asset.Manifest) error {
	z := gzip.NewWriter(b)
	if err := json.NewEncoder(z).Encode(m); err != nil {
		return err
	}
	return z.Close()
}

func (b *bytesOf) text() string { return base64.StdEncoding.EncodeToString(b.Bytes()) }

func TestAReportIsGoodIfNothingIsWrong(t *testing.T) {
	for what, spoil := range map[string]func(*report){
		"":                       func(*report) {},
		"lost":                   func(r *report) { r.lost = []string{"x"} },
		"published, other bytes": func(r *report) { r.twice = []string{"x"} },
		"partial manifests":      func(r *report) { r.partial = []string{"x"} },
		"newest not live":        func(r *report) { r.behind = []string{"x"} },
		"stuck":                  func(r *report) { r.stuck = []string{"x"} },
		"wrong dead letters":     func(r *report) { r.dead = []string{"x"} },
		"calls not listed":       func(r *report) { r.more = []string{"x"} },
	} {
		r := &report{fleet: &fleet{}, relay: &awstest.Relay{}, history: newHistory(), took: 1}
		spoil(r)
		var out strings.Builder
		if ok := r.print(&out); ok != (what == "") || !strings.Contains(out.String(), what) || strings.Contains(out.String(), "    x\n") != (what != "") {
			t.Errorf("%s: %t\n%s", what, ok, out.String())
		}
	}
}
