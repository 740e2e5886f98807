package jpeg

// The tables of T.81, annex K.1, in row order: K.1 is for luma, K.2 for color
// differences.
var (
	luma = [blockSize]uint8{
		16, 11, 10, 16, 24, 40, 51, 61,
		12, 12, 14, 19, 26, 58, 60, 55,
		14, 13, 16, 24, 40, 57, 69, 56,
		14, 17, 22, 29, 51, 87, 80, 62,
		18, 22, 37, 56, 68, 109, 103, 77,
		24, 35, 55, 64, 81, 104, 113, 92,
		49, 64, 78, 87, 103, 121, 120, 101,
		72, 92, 95, 98, 112, 100, 103, 99,
	}
	chroma = [blockSize]uint8{
		17, 18, 24, 47, 99, 99, 99, 99,
		18, 21, 26, 66, 99, 99, 99, 99,
		24, 26, 56, 99, 99, 99, 99, 99,
		47, 66, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
	}
)

// Standard returns the steps of T.81, annex K.1, for luma or for color differences, on
// the scale of libjpeg: quality 50 has them as they are, 100 has steps of 1, 1 has the
// coarsest. A quality outside of 1 to 100 is taken as the nearest within.
//
// They are made for how well eyes see frequencies in photographs. Flat loses less for the
// same bytes where all error counts alike.
func Standard(quality int, differences bool) (s Steps) {
	quality = min(max(quality, 1), 100)
	percent := 200 - 2*quality
	if quality < 50 {
		percent = 5000 / quality
	}
	table := &luma
	if differences {
		table = &chroma
	}
	for i, step := range table {
		s[i] = uint8(min(max((int(step)*percent+50)/100, 1), 255))
	}
	return s
}
