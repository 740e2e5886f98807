//go:build !cgo && !nodynamic

package textures

// Without cgo, WebP is libwebp as WebAssembly; without the tag it would be whatever
// library the machine has, and other bytes.
var _ = buildWithTagsNodynamic
