package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
)

// history is what the relay has seen of the catalog and the queue.
type history struct {
	mu         sync.Mutex
	manifests  map[string][]asset.Manifest // that were written, by MERCHANT/MODEL manifest/VERSION
	deliveries int                         // messages that lanes gave away
	faults     []error
}

func newHistory() *history { return &history{manifests: map[string][]asset.Manifest{}} }

func (h *history) see(e awstest.Exchange) {
	if e.Status != http.StatusOK {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var err error
	switch _, operation, _ := strings.Cut(e.Target, "."); operation {
	case "TransactWriteItems", "PutItem":
		err = h.written(e.Request)
	case "ReceiveMessage":
		var a struct{ Messages []json.RawMessage }
		err = json.Unmarshal(e.Answer, &a)
		h.deliveries += len(a.Messages)
	}
	if err != nil {
		h.faults = append(h.faults, fmt.Errorf("%s: %w", e.Target, err))
	}
}

// text and blob are values of DynamoDB.
type (
	text struct{ S string }
	blob struct{ B []byte }
)

// put is how the catalog writes an item.
type put struct {
	Item struct {
		Partition text `json:"pk"`
		Sort      text `json:"sk"`
		Body      blob `json:"body"`
	}
}

// written notes the manifests among items that were written.
func (h *history) written(request []byte) error {
	var in struct {
		put
		TransactItems []struct{ Put put }
	}
	if err := json.Unmarshal(request, &in); err != nil {
		return err
	}
	puts := []put{in.put}
	for _, t := range in.TransactItems {
		puts = append(puts, t.Put)
	}
	for _, p := range puts {
		if !strings.HasPrefix(p.Item.Sort.S, "manifest/") {
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(p.Item.Body.B))
		if err != nil {
			return err
		}
		var m asset.Manifest
		if err := json.NewDecoder(z).Decode(&m); err != nil {
			return err
		}
		at := p.Item.Partition.S + " " + p.Item.Sort.S
		h.manifests[at] = append(h.manifests[at], m)
	}
	return nil
}
