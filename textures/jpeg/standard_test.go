package jpeg

import (
	"bytes"
	"fmt"
	stdjpeg "image/jpeg"
	"testing"
)

// tablesOf reads the quantization tables of a file, in row order.
func tablesOf(t *testing.T, file []byte) (tables []Steps) {
	t.Helper()
	for rest := file[2:]; len(rest) > 4 && rest[1] != 0xda; {
		n := 2 + int(rest[2])<<8 + int(rest[3])
		if rest[1] == 0xdb {
			for body := rest[4:n]; len(body) > 64; body = body[65:] {
				var s Steps
				for k, v := range body[1:65] {
					s[zigzag[k]] = v
				}
				tables = append(tables, s)
			}
		}
		rest = rest[n:]
	}
	return tables
}

// TestStandard compares with the tables that Go's own encoder writes, which has the same
// scale.
func TestStandard(t *testing.T) {
	for quality := 1; quality <= 100; quality++ {
		t.Run(fmt.Sprintf("quality %d has the steps of libjpeg", quality), func(t *testing.T) {
			var out bytes.Buffer
			if err := stdjpeg.Encode(&out, picture(8, 8), &stdjpeg.Options{Quality: quality}); err != nil {
				t.Fatal(err)
			}
			want := tablesOf(t, out.Bytes())
			if len(want) != 2 {
				t.Fatalf("the file has %d tables, want 2", len(want))
			}
			if got := Standard(quality, false); got != want[0] {
				t.Errorf("luma is %v, want %v", got, want[0])
			}
			if got := Standard(quality, true); got != want[1] {
				t.Errorf("color differences are %v, want %v", got, want[1])
			}
		})
	}
	t.Run("what is off the scale is at its end", func(t *testing.T) {
		if Standard(-3, false) != Standard(1, false) || Standard(900, true) != Standard(100, true) {
			t.Error("it is not")
		}
	})
}

// TestDecodersReadStandardSteps writes two different tables into one file.
func TestDecodersReadStandardSteps(t *testing.T) {
	for _, quality := range []int{1, 50, 75, 100} {
		t.Run(fmt.Sprintf("quality %d", quality), func(t *testing.T) {
			tr, err := Transform(picture(65, 43), YCbCr420)
			if err != nil {
				t.Fatal(err)
			}
			steps := []Steps{Standard(quality, false), Standard(quality, true), Standard(quality, true)}
			q := tr.Quantize(steps, Rounding{0.5, 0.5})
			file := q.Encode()
			back, err := stdjpeg.Decode(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			if d := far(back, q.Image()); d > 1 {
				t.Errorf("decoder and Image are %d codes apart", d)
			}
			if tables := tablesOf(t, file); tables[0] != steps[0] || tables[len(tables)-1] != steps[2] {
				t.Error("the file has other tables")
			}
		})
	}
}
