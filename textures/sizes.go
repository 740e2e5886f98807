package textures

// Sizes is Config for many images of a file, which may lie in one place: each place is
// read once, or a small file of many entries could cost its size times their number.
// The zero value is ready.
type Sizes struct{ known map[Place]config }

// A Place is where an image's bytes are in memory. Images of one place are one.
type Place struct {
	first *byte
	n     int
}

// PlaceOf returns the place of data; nothing is all in one.
func PlaceOf(data []byte) Place {
	if len(data) == 0 {
		return Place{}
	}
	return Place{&data[0], len(data)}
}

type config struct {
	w, h int
	err  error
}

// Config reads the size of an image from its header.
func (s *Sizes) Config(data []byte) (width, height int, err error) {
	at := PlaceOf(data)
	c, ok := s.known[at]
	if !ok {
		c.w, c.h, c.err = Config(data)
		if s.known == nil {
			s.known = map[Place]config{}
		}
		s.known[at] = c
	}
	return c.w, c.h, c.err
}
