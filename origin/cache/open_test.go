package cache

import (
	"errors"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func TestOpenRefusesWhatCannotWork(t *testing.T) {
	for name, spoil := range map[string]func(c *Config){
		"no store":                   func(c *Config) { c.Store = nil },
		"a disk without a folder":    func(c *Config) { c.Dir = "" },
		"no room for its fetches":    func(c *Config) { c.Fetches = 33 },
		"a block of a negative size": func(c *Config) { c.Block = -1 },
		"a negative memory":          func(c *Config) { c.Memory = -1 },
		"a memory beyond measure":    func(c *Config) { c.Memory = 1<<63 - 1 },
		"a disk beyond measure":      func(c *Config) { c.Disk = 1<<63 - 1 },
		"a product that overflows":   func(c *Config) { c.Fetches, c.Block = 1<<34, 1<<30 },
		"a negative time":            func(c *Config) { c.FirstByte = -1 },
		"another negative time":      func(c *Config) { c.Stall = -1 },
		"a time beyond measure":      func(c *Config) { c.Stall = 1<<63 - 1 },
		"a negative number of files": func(c *Config) { c.Idle = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			conf := config(t, &faulty{})
			spoil(&conf)
			if _, err := Open(conf); !errors.Is(err, asset.ErrInvalid) {
				t.Errorf("got %v, want %v", err, asset.ErrInvalid)
			}
		})
	}
	c := open(t, Config{Store: &faulty{}})
	if c.conf.Memory != 256<<20 || c.conf.Block != 1<<20 || c.conf.Fetches != 32 || c.disk != nil {
		t.Errorf("got %+v", c.conf)
	}
}
