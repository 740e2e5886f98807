package textures

import "testing"

func TestSizesReadEachPlaceOnce(t *testing.T) {
	c, err := encodeOne(smooth(40, 30), Use{Color, RGB, Quality{PSNR: 38}}, Universal)
	if err != nil {
		t.Fatal(err)
	}
	var s Sizes
	for range 3 {
		if w, h, err := s.Config(c.Data); w != 40 || h != 30 || err != nil {
			t.Errorf("got %d by %d, %v", w, h, err)
		}
	}
	if _, _, err := s.Config(c.Data[:20]); err == nil {
		t.Error("a piece of it is no image")
	}
	if PlaceOf(c.Data) != PlaceOf(c.Data[:]) || PlaceOf(c.Data) == PlaceOf(c.Data[1:]) || PlaceOf(nil) != PlaceOf([]byte{}) {
		t.Error("places are not told apart as they should be")
	}
	if len(s.known) != 2 {
		t.Errorf("%d places are known, want 2", len(s.known))
	}
	if _, _, err := s.Config(nil); err == nil {
		t.Error("nothing is no image")
	}
}
