package draco

// maxParallelograms is how many of the faces around an entry may predict it.
const maxParallelograms = 4

// parallelograms predicts from the mean of several faces, but for those across creases
// (Multi Parallelogram Prediction Decoder, the constrained one).
func (d *decoder) parallelograms(a *attribute) *FormatError {
	creases, err := d.creases(a)
	if err != nil {
		return err
	}
	w, err := d.wrap()
	if err != nil {
		return err
	}
	n := a.width
	var found [maxParallelograms][]int32
	for i := range found {
		found[i] = make([]int32, n)
	}
	mean := make([]int32, n)
	for e := range a.entries {
		count := a.around(int32(e), &found)
		used := int32(0)
		clear(mean)
		for _, f := range found[:count] {
			flags := &creases[count-1]
			if len(*flags) == 0 {
				return d.bad("has too few flags of creases among %d faces", count)
			}
			crease := (*flags)[0]
			if *flags = (*flags)[1:]; crease {
				continue
			}
			used++
			for i, v := range f {
				mean[i] += v
			}
		}
		from := mean
		switch {
		case used > 0:
			for i := range mean {
				mean[i] /= used
			}
		case e > 0:
			from = a.values[(e-1)*n : e*n]
		}
		w.add(from, a.values[e*n:(e+1)*n])
	}
	return nil
}

// around finds the parallelograms that predict entry e, going left from where it was
// met to a border, then right.
func (a *attribute) around(e int32, found *[maxParallelograms][]int32) int {
	count := 0
	if e == 0 {
		return 0
	}
	first := a.order.corner[e]
	for c, turned := first, false; c >= 0; {
		if a.across(e, c, found[count]) {
			if count++; count == len(found) {
				break
			}
		}
		if turned {
			c = a.table.right(c)
		} else if c = a.table.left(c); c < 0 {
			c, turned = a.table.right(first), true
		}
		if c == first {
			break
		}
	}
	return count
}

// creases reads which parallelograms to leave out, in lists for entries that have one
// to four (DecodePredictionData_ConstrainedMulti).
func (d *decoder) creases(a *attribute) (lists [maxParallelograms][]bool, err *FormatError) {
	for i := range lists {
		count := d.r.varint()
		if count > uint64(a.entries*maxParallelograms) {
			return lists, d.bad("has %d flags of creases for %d entries", count, a.entries)
		}
		if count == 0 {
			continue
		}
		bits, err := d.readBits()
		if err != nil {
			return lists, err
		}
		if err := d.take(int(count), 1); err != nil {
			return lists, err
		}
		lists[i] = make([]bool, count)
		for j := range lists[i] {
			lists[i][j] = bits.next()
		}
		if bits.short {
			return lists, d.bad("has too few bits for %d flags of creases", count)
		}
	}
	return lists, d.short()
}
