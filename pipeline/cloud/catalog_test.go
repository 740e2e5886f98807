package cloud

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/asset/assettest"
)

// catalogPeer opens a catalog in a table of its own on the DynamoDB Local that the environment
// names.
func catalogPeer(t *testing.T) *Catalog {
	t.Helper()
	if os.Getenv("PLINTH_AWS_PEERS") == "" || os.Getenv("AWS_ENDPOINT_URL_DYNAMODB") == "" {
		t.Skip("this test needs DynamoDB Local: .ci/peers/dynamodb/start runs it; PLINTH_AWS_PEERS=1 and AWS_ENDPOINT_URL_DYNAMODB say that it may be used and where it is")
	}
	return openTable(t, "dynamodb://plinth-"+rand.Text(), true)
}

// openTable opens a catalog with credentials that are good for no real account.
func openTable(t *testing.T, url string, create bool) *Catalog {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	c, err := OpenCatalog(t.Context(), url)
	if err == nil && create {
		err = c.CreateTable(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCatalog(t *testing.T) {
	assettest.Catalog(t, func(t *testing.T) asset.Catalog { return catalogPeer(t) })
}

func TestATableIsMadeOnce(t *testing.T) {
	c := catalogPeer(t)
	if err := c.CreateTable(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAMissingTableIsNotAMissingModel(t *testing.T) {
	c := catalogPeer(t)
	c.table = "plinth-" + rand.Text()
	for what, err := range everyCall(t.Context(), c) {
		if !is(err, errNone) || !strings.Contains(err.Error(), c.table) {
			t.Errorf("%s: got %v, want an error of no kind that names the table", what, err)
		}
	}
}

func TestLongListsComeInPages(t *testing.T) {
	c := catalogPeer(t)
	const models = 9
	large := make([]asset.Finding, 2000) // so that a few items fill a page of 1 MB
	for i := range large {
		large[i] = asset.Finding{Code: rand.Text(), Where: rand.Text(), What: rand.Text()}
	}
	for i := range models {
		for version := range 2 {
			v := asset.Version{Merchant: "m", Model: fmt.Sprint("model", i), Version: fmt.Sprint(version), Findings: large}
			if _, err := c.Submit(t.Context(), v); err != nil {
				t.Fatal(err)
			}
		}
	}
	const small = batch + 30 // so that they are read in more than one go
	for i := range small {
		if _, err := c.Submit(t.Context(), asset.Version{Merchant: "other", Model: fmt.Sprint("model", i), Version: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	count := func(what string, want int) func([]asset.Version, error) {
		return func(list []asset.Version, err error) {
			t.Helper()
			if err != nil || len(list) != want {
				t.Errorf("%s: got %d versions, %v, want %d", what, len(list), err, want)
			}
		}
	}
	count("List", models)(c.List(t.Context(), "m"))
	count("List of another", small)(c.List(t.Context(), "other"))
	count("Unfinished", 2*models+small)(c.Unfinished(t.Context()))
	count("Jobs", 2*models+small)(c.Jobs(t.Context(), 1000))
	count("Jobs with a limit", small)(c.Jobs(t.Context(), small))
	count("Jobs in a state", 0)(c.Jobs(t.Context(), 1000, asset.Ready))
}

func TestWhatIsTooLargeForAnItemIsInvalid(t *testing.T) {
	c := catalogPeer(t)
	v := asset.Version{Merchant: "m", Model: "a", Version: "1"}
	if _, err := c.Submit(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	_, epoch, err := c.Claim(t.Context(), v.Ref(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	m := asset.Manifest{Levels: []asset.Level{{}}}
	for size := 0; size < 2*maxManifest; size += 26 {
		m.Levels[0].Renditions = append(m.Levels[0].Renditions, asset.Rendition{Key: rand.Text()})
	}
	if err := c.Publish(t.Context(), v.Ref(), epoch, m); !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), "reduce") {
		t.Errorf("got %v, want ErrInvalid and what to do", err)
	}
	m.Levels[0].Renditions = m.Levels[0].Renditions[:len(m.Levels[0].Renditions)/3]
	if err := c.Publish(t.Context(), v.Ref(), epoch, m); err != nil {
		t.Errorf("a third of it: %v", err)
	}
}
