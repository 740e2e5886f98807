package asset

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestKeysOfAManifestAreAll(t *testing.T) {
	m := Manifest{Levels: []Level{
		{Renditions: []Rendition{{Key: "a"}, {Key: "b"}}}, {}, {Renditions: []Rendition{{Key: "b"}}},
	}}
	if got := m.Keys(); !slices.Equal(got, []string{"a", "b", "b"}) {
		t.Errorf("got %q", got)
	}
	// A field that is another key must be in Keys too, or its blobs are swept.
	if got := keyFields(reflect.TypeFor[Manifest](), ""); !slices.Equal(got, []string{".Levels.Renditions.Key"}) {
		t.Errorf("a manifest has keys in %q", got)
	}
}

// keyFields are the paths of texts whose names end with Key.
func keyFields(t reflect.Type, path string) (out []string) {
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer, reflect.Array, reflect.Map:
		return keyFields(t.Elem(), path)
	case reflect.Struct:
		for f := range t.Fields() {
			if f.Type.Kind() == reflect.String && strings.HasSuffix(f.Name, "Key") {
				out = append(out, path+"."+f.Name)
			}
			out = append(out, keyFields(f.Type, path+"."+f.Name)...)
		}
	}
	return out
}
