package pipeline

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A BatchPlan lists the models of a catalog, or of a folder, that a recipe would change. The
// same catalog and recipe give the same plan.
type BatchPlan struct {
	Schema   int            `json:"schema"`            // 1
	ID       string         `json:"id"`                // hash of all but itself, Left and Estimate
	Catalog  string         `json:"catalog,omitempty"` // local or dynamodb://TABLE
	Data     string         `json:"data,omitempty"`    // folder that a local catalog is in, absolute
	In       string         `json:"in,omitempty"`      // folder of the models, if there is no catalog
	Out      string         `json:"out,omitempty"`     // folder of what is made of them
	Recipe   Recipe         `json:"recipe"`
	Hash     string         `json:"hash"` // of the recipe, by the program that planned
	Bytes    int64          `json:"bytes"`
	Left     BatchLeft      `json:"left"`
	Estimate *BatchEstimate `json:"estimate,omitempty"`
	Models   []BatchItem    `json:"models"` // by merchant and model
}

// A BatchItem is a model that is to be made anew, and what is known of it when that is
// planned.
type BatchItem struct {
	Merchant string          `json:"merchant,omitempty"`
	Model    string          `json:"model"`
	File     string          `json:"file,omitempty"` // of a folder, relative to it
	Source   string          `json:"source"`         // SHA-256
	Bytes    int64           `json:"bytes"`
	Unit     string          `json:"unit"`
	Version  string          `json:"version"`            // that is to be made
	Newest   string          `json:"newest,omitempty"`   // upload
	Previous string          `json:"previous,omitempty"` // version that is live, what a rollback restores
	From     asset.RecipeRef `json:"from,omitzero"`      // what made that
	Again    bool            `json:"again,omitempty"`    // Version is ready and was rolled back: it is to be live again
}

// Name is the item's name for people.
func (i BatchItem) Name() string {
	if i.Merchant == "" || i.Merchant == asset.Merchant {
		return i.Model
	}
	return i.Merchant + "/" + i.Model
}

// BatchLeft counts models that were looked at and are not in a plan.
type BatchLeft struct {
	Same       int `json:"same"`       // are made by this recipe already
	Unfinished int `json:"unfinished"` // are in line or being made now
	Failed     int `json:"failed"`     // have an upload that failed, and nobody asked for these
	Refused    int `json:"refused"`    // have an upload that was refused on arrival: only its merchant can help
	Withdrawn  int `json:"withdrawn"`  // were made by this recipe, and then rolled back
}

// Seal gives a plan its order, sums and ID.
func (p *BatchPlan) Seal() {
	slices.SortFunc(p.Models, func(a, b BatchItem) int {
		return cmp.Or(cmp.Compare(a.Merchant, b.Merchant), cmp.Compare(a.Model, b.Model))
	})
	p.Schema, p.Hash, p.Bytes = 1, p.Recipe.Hash(), 0
	for _, i := range p.Models {
		p.Bytes += i.Bytes
	}
	p.ID = p.sum()
}

// sum is the ID that p should have.
func (p *BatchPlan) sum() string {
	bare := *p
	bare.ID, bare.Left, bare.Estimate = "", BatchLeft{}, nil
	text, err := json.Marshal(bare)
	if err != nil {
		panic(err) // plain data: as of a recipe's hash
	}
	return asset.Hash(text)[:16]
}

// ParseBatchPlan reads a plan. One that was changed by hand, or whose recipe makes other
// files by now, is ErrInvalid.
func ParseBatchPlan(text []byte) (BatchPlan, error) {
	var p BatchPlan
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("%w: it is no plan: %w", asset.ErrInvalid, err)
	}
	if p.Schema != 1 {
		return p, fmt.Errorf("%w: it is no plan of schema 1, but %d", asset.ErrInvalid, p.Schema)
	}
	if err := p.Recipe.Check(); err != nil {
		return p, err
	}
	if p.ID != p.sum() {
		return p, fmt.Errorf("%w: the plan is not what was planned: its ID is %.20s, its content's %s; plan again", asset.ErrInvalid, p.ID, p.sum())
	}
	return p, nil
}

// Check returns ErrInvalid if this program would make other files of the plan's recipe than
// the one that planned.
func (p *BatchPlan) Check() error {
	if now := p.Recipe.Hash(); now != p.Hash {
		return fmt.Errorf("%w: this program makes other files by the plan's recipe than the one that planned; plan again", asset.ErrInvalid)
	}
	return nil
}

// order is the order in which items begin, as indices: by hash, so that the first of them
// are a fair sample of all. It depends on the recipe: another one has other canaries.
func (p *BatchPlan) order() []int {
	keys := make([]string, len(p.Models))
	order := make([]int, len(p.Models))
	for i, m := range p.Models {
		keys[i], order[i] = asset.Hash([]byte(p.Hash+"/"+m.Merchant+"/"+m.Model)), i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
	return order
}

// canaries is how many of n items a share of them is: at least one, unless it is 0.
func canaries(share float64, n int) int {
	return min(int(math.Ceil(share*float64(n))), n)
}
