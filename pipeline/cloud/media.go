package cloud

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A media is a kind of file by how it begins: first, and then, at byte 8, second.
type media struct{ first, second, name string }

// medias are the kinds of renditions.
var medias = []media{
	{"glTF", "", "model/gltf-binary"},
	{"PK\x03\x04", "", "model/vnd.usdz+zip"},
	{"RIFF", "WEBP", "image/webp"},
	{"\xff\xd8\xff", "", "image/jpeg"},
	{"\x89PNG", "", "image/png"},
	{"{", "", "application/json"},
}

// mediaType is the Content-Type that S3 is told of a blob. CloudFront reads renditions from the
// bucket itself, with nobody between who knows their manifest, and a key names no type, so
// their first bytes do. All else is for programs that don't ask: nil, which leaves it to S3.
func mediaType(key string, body io.ReaderAt) (*string, error) {
	if !strings.HasPrefix(key, asset.Renditions) {
		return nil, nil //nolint:nilnil // none is an answer
	}
	head := make([]byte, 12)
	n, err := body.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("see what it is: %w", err)
	}
	head = head[:n]
	for _, m := range medias {
		if bytes.HasPrefix(head, []byte(m.first)) && bytes.HasPrefix(head[min(8, n):], []byte(m.second)) {
			return &m.name, nil
		}
	}
	return aws.String("application/octet-stream"), nil
}
