package stack

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth3d/plinth/pipeline/cloud"
)

// The table is the one that the product makes for its tests: what it asks a server for is
// held against the template.
func TestTheCatalogsTableIsTheProducts(t *testing.T) {
	var asked map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		body, err := io.ReadAll(r.Body)
		if err == nil && r.Header.Get("X-Amz-Target") == "DynamoDB_20120810.CreateTable" {
			err = json.Unmarshal(body, &asked)
		}
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, `{"Table":{"TableStatus":"ACTIVE"},"TableDescription":{}}`)
	}))
	defer server.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_DYNAMODB": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
	for _, env := range []string{"dev", "prod"} {
		m := installation(t, env)
		c, err := cloud.OpenCatalog(t.Context(), "dynamodb://"+m.config.Catalog())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CreateTable(t.Context()); err != nil {
			t.Fatal(err)
		}
		table := m.of(t, "DynamoDB::GlobalTable")[0].props
		for _, field := range []string{"TableName", "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode"} {
			if diff := cmp.Diff(ordered(asked[field]), ordered(table[field])); diff != "" || asked[field] == nil {
				t.Errorf("%s: %s (- product, + template):\n%s", env, field, diff)
			}
		}
		if table["TimeToLiveSpecification"] != nil {
			t.Errorf("%s: items expire", env)
		}
	}
}

// ordered has attributes and indexes in order of their names; that of keys counts.
func ordered(v any) any {
	all, ok := v.([]any)
	if !ok {
		return v
	}
	byName := map[string]any{}
	for _, e := range all {
		for _, field := range []string{"IndexName", "AttributeName"} {
			if n, ok := at(e, field).(string); ok {
				if kind := at(e, "KeyType"); kind != nil {
					return v
				}
				byName[n] = e
			}
		}
	}
	var sorted []any
	for _, n := range slices.Sorted(maps.Keys(byName)) {
		sorted = append(sorted, byName[n])
	}
	return sorted
}
