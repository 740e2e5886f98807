package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// An object is a file that all servers have, at the same path.
type object struct {
	path string
	data []byte
}

// sizes of the objects, in bytes.
var sizes = map[string]int{"4k": 4 << 10, "200k": 200 << 10, "5m": 5 << 20, "50mb": 50e6}

// random are bytes that are always the same.
func random(number uint64, size int) []byte {
	var key [32]byte
	key[0], key[31] = seed, 1
	for i := range 8 {
		key[8+i] = byte(number >> (8 * i))
	}
	data := make([]byte, size)
	_, _ = rand.NewChaCha8(key).Read(data) // never fails
	return data
}

// address is the path of a rendition in URLs.
func address(hash string) string { return "/o/" + asset.Merchant + "/" + hash + "/x.glb" }

// put keeps an object in Plinth's store.
func (b *bench) put(ctx context.Context, data []byte) (o object, key string, err error) {
	hash := asset.Hash(data)
	key = asset.RenditionKey(asset.Merchant, hash)
	return object{address(hash), data}, key, b.store.Put(ctx, key, bytes.NewReader(data), int64(len(data)))
}

// spread puts the objects into Plinth's store and links the same files into the folder of the
// others, so that all have the same pages in memory.
func (b *bench) spread(ctx context.Context) error {
	b.files = map[string]object{}
	for name, size := range sizes {
		o, key, err := b.put(ctx, random(uint64(size), size))
		if err != nil {
			return err
		}
		plain := filepath.Join(b.www(), filepath.FromSlash(o.path))
		if err := os.MkdirAll(filepath.Dir(plain), 0o755); err != nil {
			return err
		}
		if err := os.Link(b.store.Path(key), plain); err != nil {
			return err
		}
		b.files[name] = o
	}
	return nil
}

// www is the folder of plain files.
func (b *bench) www() string { return b.at("www") }
