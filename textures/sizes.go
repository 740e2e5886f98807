package textures

// Sizes is Config for many images of a file, which may lie in one place: each place is
// read once, or a small file of many entries could cost its size times their number.
// The zero value is ready.
type Sizes struct{ known map[place]config }

// place is where an image's bytes are in memory.
type place struct {
	first *byte
	n     int
}

type config struct {
	w, h int
	err  error
}

// Config reads the size of an image from its header.
func (s *Sizes) Config(data []byte) (width, height int, err error) {
	if len(data) == 0 {
		return Config(data)
	}
	at := place{&data[0], len(data)}
	c, ok := s.known[at]
	if !ok {
		c.w, c.h, c.err = Config(data)
		if s.known == nil {
			s.known = map[place]config{}
		}
		s.known[at] = c
	}
	return c.w, c.h, c.err
}
