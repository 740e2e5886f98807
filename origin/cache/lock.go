package cache

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// lockName is a file in the folder of a disk cache. That it is there says that the folder
// is a cache's, whose files may be deleted; who has locked it is the cache's process.
const lockName = "plinth-cache"

// lockText is for people who find it.
const lockText = "This folder is a cache of plinth. What is in it may be deleted while no process uses it.\n"

// lock makes a folder, or takes one over that is empty or a cache's, for this process
// alone. Two processes would publish each other's half written files.
func lock(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := checkOurs(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("%w: the folder belongs to another process; give each origin its own --cache", asset.ErrConflict)
		}
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.WriteAt([]byte(lockText), 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// checkOurs returns an error for a folder with somebody else's files. What mkfs puts into
// a new file system is nobody's.
func checkOurs(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	stranger := ""
	for _, e := range entries {
		switch e.Name() {
		case lockName:
			return nil
		case "lost+found":
		default:
			stranger = e.Name()
		}
	}
	if stranger != "" {
		return fmt.Errorf("%w: the folder has files that aren't a cache's, as %q; set --cache to an empty folder or a new one", asset.ErrInvalid, stranger)
	}
	return nil
}
