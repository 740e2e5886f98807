package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// suffix is what the CDK calls templates.
const suffix = ".template.json"

// ReadFolder reads the templates of a folder that the CDK wrote, its cdk.out: all
// *.template.json in it and below, each in the region that its manifest.json tells. Without
// a manifest regions aren't known. Several folders below, those of stages, are one estate.
func ReadFolder(folder fs.FS) ([]Template, error) {
	var all []Template
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), "asset.") {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || !strings.HasSuffix(name, suffix) {
			return nil
		}
		if len(all) == maxStacks {
			return fmt.Errorf("%w: more than %d templates", asset.ErrInvalid, maxStacks)
		}
		t, err := ReadTemplate(folder, name)
		all = append(all, t)
		return err
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%w: there is no *%s in it; is it the folder that cdk synth wrote?", asset.ErrInvalid, suffix)
	}
	return all, err
}

// ReadTemplate reads one template of a folder, with what a manifest.json beside it tells.
func ReadTemplate(folder fs.FS, name string) (Template, error) {
	text, err := readLimited(folder, name)
	if err != nil {
		return Template{}, err
	}
	stack := strings.TrimSuffix(strings.TrimSuffix(path.Base(name), ".json"), ".template")
	t := Template{Stack: stack, Text: text}
	err = describe(folder, name, &t)
	return t, err
}

// artifact is a stack in a manifest.
type artifact struct {
	Type        string
	Environment string // aws://ACCOUNT/REGION
	Properties  struct{ TemplateFile, StackName string }
}

// describe adds to a template what the manifest beside it tells.
func describe(folder fs.FS, name string, t *Template) error {
	where := path.Join(path.Dir(name), "manifest.json")
	if _, err := fs.Stat(folder, where); err != nil {
		return nil //nolint:nilerr // a template may stand alone
	}
	text, err := readLimited(folder, where)
	if err != nil {
		return err
	}
	var m struct{ Artifacts map[string]artifact }
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("%w: %s: %w", asset.ErrInvalid, where, err)
	}
	for id, a := range m.Artifacts {
		if a.Type != "aws:cloudformation:stack" || a.Properties.TemplateFile != path.Base(name) {
			continue
		}
		t.Stack = id
		if a.Properties.StackName != "" {
			t.Stack = a.Properties.StackName
		}
		if _, region, ok := strings.Cut(strings.TrimPrefix(a.Environment, "aws://"), "/"); ok && region != "unknown-region" {
			t.Region = region
		}
	}
	return nil
}

func readLimited(folder fs.FS, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err == nil && len(text) > MaxBytes {
		err = fmt.Errorf("%w: %s has more than %d bytes", asset.ErrInvalid, name, MaxBytes)
	}
	return text, err
}
