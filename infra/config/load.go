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

// Load returns the configuration of one of Envs, checked by itself and against the one that it
// stands in for, or that stands in for it.
func Load(env string) (*Config, error) {
	c, err := load(env)
	if err != nil {
		return nil, err
	}
	other := c.Primary
	if c.Standby != nil {
		other = c.Standby.Env
	}
	if other == "" {
		return c, nil
	}
	o, err := load(other)
	if err != nil {
		return nil, err
	}
	if err := agree(c, o); err != nil {
		return nil, err
	}
	return c, nil
}

// agree returns an error where an installation and its standby can't differ and do.
func agree(c, o *Config) error {
	if c.Origin.Signed != o.Origin.Signed {
		return fmt.Errorf("config/%s.json: origin.signed is %t, but %t in config/%s.json; files that are closed at one would be open at the other", c.Env, c.Origin.Signed, o.Origin.Signed, o.Env)
	}
	return nil
}

func load(env string) (*Config, error) {
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
