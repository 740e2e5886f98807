package cache

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func TestAFolderHasOneCache(t *testing.T) {
	conf := config(t, &faulty{})
	c := open(t, conf)
	if _, err := Open(conf); !errors.Is(err, asset.ErrConflict) || !strings.Contains(err.Error(), "--cache") {
		t.Errorf("got %v, want a conflict that says what to do", err)
	}
	if _, err := c.disk.root.Stat("partial"); err != nil {
		t.Errorf("the second has touched the first's files: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, conf)
}

func TestWithoutADiskAFolderIsNotLocked(t *testing.T) {
	conf := config(t, &faulty{})
	conf.Disk = 0
	open(t, conf)
	open(t, conf)
}

func TestAStrangersFolderIsLeftAlone(t *testing.T) {
	conf := config(t, &faulty{})
	photo := filepath.Join(conf.Dir, "objects", "photo.jpg")
	if err := errors.Join(os.Mkdir(filepath.Dir(photo), 0o755), os.WriteFile(photo, []byte{1}, 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(conf); !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), "--cache") {
		t.Errorf("got %v, want an error that says what to do", err)
	}
	if names, _ := filesUnder(t, conf.Dir); len(names) != 1 || names[0] != photo {
		t.Errorf("got %q, want the photo alone", names)
	}
}

func TestANewFileSystemIsNobodys(t *testing.T) {
	conf := config(t, &faulty{})
	if err := os.Mkdir(filepath.Join(conf.Dir, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	open(t, conf)
}
