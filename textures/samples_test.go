package textures

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"slices"
	"testing"

	"github.com/gen2brain/jpegli"
)

// chunk is a chunk of a PNG.
func chunk(kind string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// ihdr is the header chunk of a PNG.
func ihdr(w, h uint32, depth, color, interlace byte) []byte {
	body := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return chunk("IHDR", append(body, depth, color, 0, 0, interlace))
}

// rawPNG is a PNG of these chunks, with its signature and end.
func rawPNG(chunks ...[]byte) []byte {
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), slices.Concat(chunks...), chunk("IEND", nil))
}

func deflated(data []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		panic(err) // a buffer takes all
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// idat is the pixels of a PNG, filter bytes and all.
func idat(rows ...[]byte) []byte { return chunk("IDAT", deflated(slices.Concat(rows...))) }

func samplePNG(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// with puts chunks behind a PNG's header.
func with(file []byte, chunks ...[]byte) []byte {
	const head = 8 + 25
	return slices.Concat(file[:head], slices.Concat(chunks...), file[head:])
}

func sampleJPEG(tb testing.TB, img image.Image, ratio image.YCbCrSubsampleRatio, progressive int) []byte {
	tb.Helper()
	var out bytes.Buffer
	err := jpegli.Encode(&out, img, &jpegli.EncodingOptions{Quality: 90, ChromaSubsampling: ratio, ProgressiveLevel: progressive, OptimizeCoding: true})
	if err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// segment is a segment of a JPEG.
func segment(marker byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
}

// behindSOI puts segments at the start of a JPEG.
func behindSOI(file []byte, segments ...[]byte) []byte {
	return slices.Concat(file[:2], slices.Concat(segments...), file[2:])
}

func adobe(transform byte) []byte {
	return segment(0xee, append([]byte("Adobe\x00\x64\x00\x00\x00\x00"), transform))
}

// flatJPEG is a JPEG of 8 by 8 pixels with the same samples all over.
func flatJPEG(samples ...byte) []byte {
	n := byte(len(samples))
	frame, scan := []byte{8, 0, 8, 0, 8, n}, []byte{n}
	for i := range n {
		frame, scan = append(frame, i+1, 0x11, 0), append(scan, i+1, 0)
	}
	// The quantization step is 8, the size of a block, so that a DC is a sample. DC
	// codes are four bits, of 0 to 11; the one AC code is a zero, the end of the block.
	dc := append([]byte{0x00, 0, 0, 0, 12}, make([]byte, 12)...)
	dc = append(dc, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	ac := append([]byte{0x10, 1}, make([]byte, 16)...)
	var bits []byte
	put := func(v, n int) {
		for n--; n >= 0; n-- {
			bits = append(bits, byte(v>>n&1))
		}
	}
	for _, s := range samples {
		v, size := int(s)-128, 0
		for size = 0; max(v, -v)>>size > 0; size++ {
			continue
		}
		put(size, 4)
		if v < 0 {
			v += 1<<size - 1
		}
		put(v, size)
		put(0, 1)
	}
	for len(bits)%8 != 0 {
		bits = append(bits, 1)
	}
	var coded []byte
	for i := 0; i < len(bits); i += 8 {
		b := byte(0)
		for _, bit := range bits[i : i+8] {
			b = b<<1 | bit
		}
		if coded = append(coded, b); b == 0xff {
			coded = append(coded, 0)
		}
	}
	return slices.Concat([]byte{0xff, 0xd8}, segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{8}, 64)...)),
		segment(0xc0, frame), segment(0xc4, dc), segment(0xc4, ac), segment(0xda, append(scan, 0, 63, 0)), coded, []byte{0xff, 0xd9})
}

// Three WebP of 5 by 3 pixels, made with libwebp 1.4 from this package's test pictures.
var (
	lossyWebP    = unpacked("UklGRjoAAABXRUJQVlA4IC4AAACQAQCdASoFAAMAAsBMJagCdLoAA5gA/u0bBq/+47A3Xi3/7Sz/6ln/1of8uAAA")
	alphaWebP    = unpacked("UklGRmQAAABXRUJQVlA4WAoAAAAQAAAABAAAAgAAQUxQSBAAAAAAAAkSGyQFDhcgKQoTHCUuVlA4IC4AAACQAQCdASoFAAMAAsBMJagCdLoAA5gA/u0bBq/+47A3Xi3/7Sz/6ln/1of8uAAA")
	losslessWebP = unpacked("UklGRj4AAABXRUJQVlA4TDIAAAAvBIAAEHcgIEmE/t9uw/yHgrQNmO75l7weCGP5xWAQABKBiiWFFIJLYYVRI/ofHnLsCw==")
)

func unpacked(s string) []byte {
	out, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err) // written above
	}
	return out
}

// riff is a chunk of a WebP.
func riff(kind string, body []byte) []byte {
	out := append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body))), body...)
	return append(out, make([]byte, len(body)%2)...)
}

// rawWebP is a WebP of these chunks.
func rawWebP(chunks ...[]byte) []byte {
	return riff("RIFF", append([]byte("WEBP"), slices.Concat(chunks...)...))
}

// canvas is the header chunk of a WebP.
func canvas(flags byte, w, h int) []byte {
	return riff("VP8X", []byte{flags, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), byte((w - 1) >> 16), byte(h - 1), byte((h - 1) >> 8), byte((h - 1) >> 16)})
}
