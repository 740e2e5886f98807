module github.com/plinth3d/plinth

go 1.26.0

require (
	github.com/disintegration/imaging v1.6.2
	github.com/gen2brain/jpegli v0.3.4
	github.com/google/go-cmp v0.7.0
	github.com/qmuntal/gltf v0.28.0
	golang.org/x/image v0.47.0
	golang.org/x/sync v0.24.0
	pgregory.net/rapid v1.2.0
)

require github.com/tetratelabs/wazero v1.9.0 // indirect
