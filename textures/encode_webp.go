package textures

import (
	"fmt"
	"image"
	"math"
)

// WebP is written by libwebp at its default effort (method 4), as cwebp does; which
// build of it is in libwebp_cgo.go and libwebp_pure.go. Both make the same bytes.

// EncodeWebP makes a lossy WebP of that quality, 1 to 100, libwebp's scale. Alpha is kept.
func EncodeWebP(img *image.NRGBA, quality int) ([]byte, error) {
	if quality < 1 || quality > 100 {
		return nil, fmt.Errorf("quality %d is not 1 to 100", quality)
	}
	if err := webpSize(img); err != nil {
		return nil, err
	}
	data, err := libwebp(img, quality)
	if err != nil {
		return nil, fmt.Errorf("encode WebP: %w", err)
	}
	return data, nil
}

// encodeLosslessWebP keeps every pixel, those that are transparent too.
func encodeLosslessWebP(img *image.NRGBA) (Coded, error) {
	if err := webpSize(img); err != nil {
		return Coded{}, err
	}
	data, err := libwebpLossless(img)
	if err != nil {
		return Coded{}, fmt.Errorf("encode WebP: %w", err)
	}
	return Coded{Data: data, MIME: WebP, PSNR: math.Inf(1), Detail: 1}, nil
}

// webpEdge is the longest side of a WebP image (RFC 9649, 2.6).
const webpEdge = 1<<14 - 1

func webpSize(img *image.NRGBA) error {
	if w, h := img.Rect.Dx(), img.Rect.Dy(); w > webpEdge || h > webpEdge {
		return fmt.Errorf("%w: a WebP has at most %d pixels along each axis, this one would have %d by %d", ErrFormat, webpEdge, w, h)
	}
	return nil
}

// lossyWebP is the smallest WebP that keeps the quality asked for, or the best. For a large
// image, the search begins with what did for stripes of it; where these say that its file
// will not be below some bytes, it ends with them, and there is no file.
func (e *encoding) lossyWebP(below int) (Coded, error) {
	s := webpSearch{quality: firstWebP, slack: 0.1}
	if sample := striped(e.img, webpStripe, 1<<18); sample != e.img {
		first := webpSearch{quality: firstWebP, slack: 0.05}
		c, err := e.searchWebP(sample, &first)
		share := float64(len(sample.Pix)) / float64(len(e.img.Pix))
		if err != nil || float64(len(c.Data)) >= share*float64(below) {
			return Coded{}, err
		}
		// Stripes are a little easier than the whole.
		s = webpSearch{quality: min(first.quality+3, bestWebP), slack: 0.13, slope: first.slope}
	}
	return e.searchWebP(e.img, &s)
}

// webpStripe is the height of stripes, of which the middle half counts: blocks are predicted
// from those above and filtered with those below, which are not their neighbors at the seams.
const webpStripe = 64

// inner is the middle half of each stripe.
func inner(img *image.NRGBA) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, img.Rect.Dx(), img.Rect.Dy()/2))
	const half = webpStripe / 2
	for i := range img.Rect.Dy() / webpStripe {
		copy(out.Pix[i*half*out.Stride:][:half*out.Stride], img.Pix[(i*webpStripe+half/2)*img.Stride:])
	}
	return out
}

// The qualities that are tried.
const (
	worstWebP = 5
	firstWebP = 75
	bestWebP  = 99
)

// webpSearch is where a search begins and what it finds: a quality, how far an error may be
// under what is allowed, and by how much its logarithm falls with a step of quality; 0 is
// not known.
type webpSearch struct {
	quality int
	slack   float64
	slope   float64
}

// searchWebP finds the lowest quality at which img keeps what is asked. With each round it is
// content with half a slack more.
func (e *encoding) searchWebP(img *image.NRGBA, s *webpSearch) (best Coded, err error) {
	bad, good := worstWebP-1, bestWebP+1
	var logs [bestWebP + 2]float64 // of the errors, by quality
	last, quality := 0, s.quality
	for round := 0; ; round++ {
		slack := s.slack * (1 + float64(round)/2)
		c, err := e.codedWebP(img, quality)
		if err != nil {
			return best, err
		}
		over := c.excess(e.use.Quality)
		logs[quality] = settled(math.Log(max(over, 1e-3)))
		if last != 0 {
			slope := (logs[quality] - logs[last]) / float64(quality-last)
			s.slope = min(max(slope, -1.0/15), -1.0/200)
		}
		switch {
		case over <= 1:
			best, s.quality, good = c, quality, quality
			if over >= 1-slack {
				return best, nil
			}
		case quality == bestWebP:
			s.quality = quality
			return c, nil
		default:
			bad = quality
		}
		if good-bad < 2 {
			return best, nil
		}
		goal := settled(math.Log(1 - slack/2))
		last, quality = quality, nextWebP(bad, good, quality, &logs, s.slope, goal)
	}
}

// nextWebP guesses the quality that has an error of goal: on the line through the two that
// enclose it, or from the last by the slope, or by one that is usual.
func nextWebP(bad, good, last int, logs *[bestWebP + 2]float64, slope, goal float64) int {
	from := last
	switch {
	case bad >= worstWebP && good <= bestWebP:
		from, slope = bad, min((logs[good]-logs[bad])/float64(good-bad), -1e-3)
	case slope == 0 && logs[last] > goal:
		slope = -1.0 / 40 // errors fall faster above
	case slope == 0:
		slope = -1.0 / 90
	}
	guess := from + int(math.Round(settled((goal-logs[from])/slope)))
	return min(max(guess, bad+1), good-1)
}

func (e *encoding) codedWebP(img *image.NRGBA, quality int) (Coded, error) {
	data, err := EncodeWebP(img, quality)
	if err != nil {
		return Coded{}, err
	}
	back, err := decodeOwnWebP(data)
	if err != nil {
		return Coded{}, fmt.Errorf("read back WebP: %w", err)
	}
	c := Coded{Data: data, MIME: WebP}
	if img != e.img {
		img, back = inner(img), inner(back)
	}
	c.measured(img, back, e.use)
	return c, nil
}
