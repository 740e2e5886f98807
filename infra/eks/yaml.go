package eks

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/infra/config"
)

// Render writes the manifests of an installation as YAML.
func Render(out io.Writer, c *config.Config, account string) error {
	var b strings.Builder
	for _, o := range manifests(c, account) {
		text, err := json.Marshal(o) // brings all kinds of values to those of JSON
		if err != nil {
			return err
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			return err
		}
		b.WriteString("---\n")
		if err := block(&b, v, ""); err != nil {
			return err
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// first are keys that people look for at the top of an object.
var first = []string{"apiVersion", "kind", "metadata", "name"}

// block writes a value over several lines. Text is quoted as in JSON, which YAML takes.
func block(b *strings.Builder, v any, indent string) error {
	switch v := v.(type) {
	case map[string]any:
		keys := slices.SortedFunc(maps.Keys(v), func(x, y string) int { return strings.Compare(rank(x), rank(y)) })
		for _, k := range keys {
			fmt.Fprintf(b, "%s%s:", indent, k)
			if err := value(b, v[k], indent+"  "); err != nil {
				return err
			}
		}
	case []any:
		for _, e := range v {
			var inner strings.Builder
			if err := block(&inner, e, indent+"  "); err != nil {
				return err
			}
			fmt.Fprintf(b, "%s- %s", indent, strings.TrimPrefix(inner.String(), indent+"  "))
		}
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "%s%s\n", indent, text)
	}
	return nil
}

// value writes what comes behind a key: in the same line where it is one value.
func value(b *strings.Builder, v any, indent string) error {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			b.WriteString(" {}\n")
			return nil
		}
		b.WriteString("\n")
		return block(b, v, indent)
	case []any:
		if len(v) == 0 {
			b.WriteString(" []\n")
			return nil
		}
		b.WriteString("\n")
		return block(b, v, indent)
	}
	b.WriteString(" ")
	return block(b, v, "")
}

func rank(key string) string {
	if i := slices.Index(first, key); i >= 0 {
		return string(rune('0' + i))
	}
	return key
}
