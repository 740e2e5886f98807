package cloud

import (
	"fmt"
	"io"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

// The server is in the same process, so this is the sum of both ends.
func BenchmarkRead(b *testing.B) {
	server := s3test.New(b)
	server.Setenv(b)
	s, err := Open(b.Context(), "s3://bucket")
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{4 << 10, 1 << 20} {
		server.Put("bucket/k", make([]byte, size))
		b.Run(fmt.Sprintf("%d-KiB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				_, body, err := s.Read(b.Context(), "k", asset.Range{Length: int64(size)})
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, body); err != nil || n != int64(size) {
					b.Fatal(n, err)
				}
				if err := body.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
