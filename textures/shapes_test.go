package textures

import (
	"errors"
	"fmt"
	"testing"
)

// grayRows is a PNG of w by h gray pixels, all 0, of one bit each.
func grayRows(w, h int) []byte {
	row := make([]byte, 1+(w+7)/8)
	rows := make([][]byte, h)
	for y := range rows {
		rows[y] = row
	}
	return rawPNG(ihdr(uint32(w), uint32(h), 1, 0, 0), idat(rows...))
}

// TestThinImagesCostLittle: a limit of pixels says nothing of how long a side may be, and
// rows take sixteen times what their pixels do while they are filtered.
func TestThinImagesCostLittle(t *testing.T) {
	const limit, most = 1 << 24, 20 << 20
	for _, size := range [][2]int{{1<<23 - 1, 1}, {1, 1<<24 - 1}, {65536, 1}, {1, 65536}} {
		t.Run(fmt.Sprintf("%d by %d pixels are refused", size[0], size[1]), func(t *testing.T) {
			var err error
			data := grayRows(size[0], size[1])
			if got := spent(func() { _, err = Decode(data, limit) }); !errors.Is(err, ErrFormat) || got > 1<<16 {
				t.Errorf("got %v for %d bytes", err, got)
			}
			if _, _, err := Config(data); !errors.Is(err, ErrFormat) {
				t.Errorf("Config: got %v", err)
			}
		})
	}
	for _, size := range [][4]int{{65535, 1, 512, 1}, {1, 65535, 1, 512}, {65521, 1, 509, 1}, {1, 65521, 1, 509}, {65535, 1, 1, 1}, {1, 65535, 1, 1}, {65535, 1, 65534, 1}, {1, 65535, 1, 65534}} {
		for _, role := range []Role{Color, Data} {
			t.Run(fmt.Sprintf("%d by %d pixels of %s become %d by %d", size[0], size[1], role, size[2], size[3]), func(t *testing.T) {
				got := spent(func() {
					img, err := Decode(grayRows(size[0], size[1]), limit)
					if err != nil {
						t.Fatal(err)
					}
					Resize(img, size[2], size[3], Resample{Role: role})
				})
				if got > most {
					t.Errorf("it takes %d bytes, the most allowed is %d", got, most)
				}
			})
		}
	}
}
