package cloud

import (
	"errors"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
)

func TestLanesAreFoundByTheirNames(t *testing.T) {
	s := sqstest.New(t)
	s.Setenv(t)
	want := []Lane{{Name: "interactive", Weight: 6}, {Name: "bulk", Weight: 3}}
	for i, l := range want {
		want[i].URL, want[i].Dead = s.Create("shop-"+l.Name), s.Create("shop-"+l.Name+"-dead")
	}
	got, err := FindLanes(t.Context(), "shop", []Lane{{Name: "interactive", Weight: 6}, {Name: "bulk", Weight: 3}})
	must(t, err)
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
	if _, err := FindLanes(t.Context(), "shop", []Lane{{Name: "backfill"}}); !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), "shop-backfill ") {
		t.Errorf("got %v", err)
	}
}
