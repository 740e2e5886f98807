package scene

// Limits bounds what reading a model may cost. A breach is a FormatError. The
// zero value allows nothing; start from DefaultLimits.
type Limits struct {
	Bytes    int64 `json:"bytes"`    // of the file
	JSON     int64 `json:"json"`     // of the structure
	Elements int64 `json:"elements"` // objects and list entries in the structure
	Memory   int64 `json:"memory"`   // of all arrays, unpacked
	Vertices int64 `json:"vertices"` // of all primitives together
	Indices  int64 `json:"indices"`  // of all primitives together
	Nodes    int64 `json:"nodes"`
	Depth    int64 `json:"depth"`  // of the node tree
	Pixels   int64 `json:"pixels"` // of one image
	Texels   int64 `json:"texels"` // of all images together
}

// DefaultLimits holds 20 times the largest of the products that Plinth was made
// with, and lets a file cost at most about 4 GB of memory.
func DefaultLimits() Limits {
	return Limits{
		Bytes:    256 << 20,
		JSON:     32 << 20,
		Elements: 2 << 20,
		Memory:   1 << 30,
		Vertices: 4 << 20,
		Indices:  16 << 20,
		Nodes:    1 << 16,
		Depth:    1 << 10,
		Pixels:   8192 * 8192,
		Texels:   4 * 8192 * 8192,
	}
}
