package config

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed dev.json prod.json dr.json
var files embed.FS

// Envs are the installations there are.
var Envs = []string{"dev", "prod", "dr"}

// Load returns the configuration of one of Envs, checked.
func Load(env string) (*Config, error) {
	text, err := files.ReadFile(env + ".json")
	if err != nil {
		return nil, fmt.Errorf("there is no installation %q; there are %q", env, Envs)
	}
	c, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("config/%s.json: %w", env, err)
	}
	if c.Env != env {
		return nil, fmt.Errorf("config/%s.json: env is %q", env, c.Env)
	}
	return c, nil
}

// Parse reads a configuration. A field it doesn't know is an error: it is a setting that
// somebody believes in.
func Parse(text []byte) (*Config, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var c Config
	if err := dec.Decode(&c); err != nil {
		return nil, err
	}
	return &c, c.Check()
}
