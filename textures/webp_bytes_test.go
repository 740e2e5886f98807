package textures

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"testing"
)

// TestEveryBuildWritesTheSameWebP holds the bytes of both builds of libwebp, with cgo and
// as WebAssembly: `CGO_ENABLED=0 go test -tags nodynamic ./textures` runs the other.
func TestEveryBuildWritesTheSameWebP(t *testing.T) {
	translucent := smooth(90, 70)
	for i := 3; i < len(translucent.Pix); i += 4 {
		translucent.Pix[i] = uint8(i / 90)
	}
	lossy := func(img *image.NRGBA, quality int) []byte {
		data, err := EncodeWebP(img, quality)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	lossless := func(img *image.NRGBA) []byte {
		c, err := encodeLosslessWebP(img)
		if err != nil {
			t.Fatal(err)
		}
		return c.Data
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"smooth, 75":            {lossy(smooth(200, 120), 75), "f11b1e60085f2692"},
		"noise, 40":             {lossy(noise(65, 33), 40), "29811a73f45ab60a"},
		"translucent, 90":       {lossy(translucent, 90), "6c38f07be7eb01f4"},
		"smooth, lossless":      {lossless(smooth(200, 120)), "bcb36bf52ca18e03"},
		"translucent, lossless": {lossless(translucent), "da557c6ad4f49b8d"},
	} {
		sum := sha256.Sum256(test.data)
		if got := hex.EncodeToString(sum[:8]); got != test.want {
			t.Errorf("%s: %d bytes of %s, want %s", name, len(test.data), got, test.want)
		}
	}
}
