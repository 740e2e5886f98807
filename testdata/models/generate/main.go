// Command generate writes the sample products: small ones beside their source,
// large ones into the ignored folder large/.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/plinth3d/plinth/testdata/models"
)

func main() {
	if err := run("testdata/models"); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "large"), 0o755); err != nil {
		return err
	}
	for _, m := range models.All() {
		data, err := m.Make()
		if err != nil {
			return err
		}
		path := filepath.Join(dir, m.Name+".glb")
		if m.Large {
			path = filepath.Join(dir, "large", m.Name+".glb")
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
		fmt.Printf("%-40s %9d bytes  %s\n", path, len(data), m.About)
	}
	return nil
}
