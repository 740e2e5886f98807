package ledger

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestMigrationsAreNumberedWithoutAGap(t *testing.T) {
	files := func(names ...string) fstest.MapFS {
		m := fstest.MapFS{"readme.txt": {}}
		for _, n := range names {
			m[n] = &fstest.MapFile{Data: []byte("-- " + n)}
		}
		return m
	}
	got, err := migrations(files("0002_more.sql", "0001_first.sql"))
	if err != nil || len(got) != 2 || got[0] != (migration{"0001_first.sql", "-- 0001_first.sql"}) || got[1].name != "0002_more.sql" {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []fstest.MapFS{files("0002_first.sql"), files("0001_a.sql", "0003_b.sql"), files("0001_a.sql", "0001_b.sql"), files("1.sql")} {
		if got, err := migrations(bad); err == nil || !strings.Contains(err.Error(), "should begin with") {
			t.Errorf("got %v, %v", got, err)
		}
	}
}
