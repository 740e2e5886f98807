package doctor

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
)

// sound is the folder with templates in which nothing is wrong.
const sound = "testdata/sound"

// templates are those of the sound folder.
func templates(t testing.TB) []Template {
	t.Helper()
	all, err := ReadFolder(os.DirFS(sound))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// examine reads templates and returns what is found, suppressions included.
func examine(t testing.TB, all []Template) []Finding {
	t.Helper()
	e, err := Parse(all...)
	if err != nil {
		t.Fatal(err)
	}
	return Examine(e)
}

// edit puts a JSON value at a path below Resources of a stack; "" removes what is there.
type edit struct{ stack, path, value string }

func (e edit) apply(t testing.TB, all []Template) {
	t.Helper()
	for i := range all {
		if all[i].Stack != "plinth-"+e.stack {
			continue
		}
		var document map[string]any
		unmarshal(t, string(all[i].Text), &document)
		keys := strings.Split(e.path, "/")
		document["Resources"] = e.put(t, document["Resources"], keys)
		text, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		all[i].Text = text
		return
	}
	t.Fatalf("there is no stack %s", e.stack)
}

// put returns a value with another one within. A number is an index of a list.
func (e edit) put(t testing.TB, v any, keys []string) any {
	t.Helper()
	if len(keys) == 0 {
		var made any
		unmarshal(t, e.value, &made)
		return made
	}
	if list, ok := v.([]any); ok {
		i, err := strconv.Atoi(keys[0])
		switch {
		case err != nil || i >= len(list):
			t.Fatalf("%s: there is no %s", e.path, keys[0])
		case len(keys) == 1 && e.value == "":
			return append(list[:i:i], list[i+1:]...)
		}
		list[i] = e.put(t, list[i], keys[1:])
		return list
	}
	object, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%s: %s is in no object", e.path, keys[0])
	}
	if len(keys) > 1 || e.value != "" {
		object[keys[0]] = e.put(t, object[keys[0]], keys[1:])
		return object
	}
	if _, there := object[keys[0]]; !there {
		t.Fatalf("%s: there is nothing to remove", e.path)
	}
	delete(object, keys[0])
	return object
}

func unmarshal(t testing.TB, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestNothingIsFoundInSoundTemplates(t *testing.T) {
	if found := examine(t, templates(t)); len(found) > 0 {
		t.Errorf("got %d findings: %+v", len(found), found)
	}
}
