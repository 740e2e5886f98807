package draco

// Schemes of prediction (seq_att_dec_prediction_scheme). 2 and 3, multi-parallelogram
// and floating texture coordinates, were given up before version 2.2.
const (
	predictNone           = -2
	predictDifference     = 0
	predictParallelogram  = 1
	predictParallelograms = 4
	predictTexCoords      = 5
	predictNormals        = 6
)

// Transforms add a correction to a prediction (seq_att_dec_prediction_transform_type).
const (
	transformNone      = -1
	transformWrap      = 1
	transformOctahedra = 2 // without rotation: streams before 2.2 have it, and 2.2 still may
	transformCanonical = 3
)

// predictor is how an attribute's values are predicted.
type predictor struct{ scheme, transform int8 }

// predictable refuses what an attribute can't be predicted by.
func (d *decoder) predictable(a *attribute, p predictor) *FormatError {
	octahedral := p.transform == transformOctahedra || p.transform == transformCanonical
	switch p.scheme {
	case predictNone:
		return nil
	case predictDifference, predictParallelogram, predictParallelograms, predictTexCoords, predictNormals:
	default:
		return d.unsupported("is predicted by scheme %d", p.scheme)
	}
	if octahedral != (a.coding == codedNormal) || !octahedral && p.transform != transformWrap {
		return d.unsupported("is corrected by transform %d in coding %d", p.transform, a.coding)
	}
	switch {
	case p.scheme == predictDifference:
		return nil
	case a.table == nil:
		return d.bad("is predicted by scheme %d, from a connectivity that is not there", p.scheme)
	case octahedral != (p.scheme == predictNormals):
		return d.unsupported("is predicted by scheme %d and corrected by transform %d", p.scheme, p.transform)
	case p.scheme == predictTexCoords && a.width != 2:
		return d.bad("is predicted as texture coordinates")
	}
	return nil
}

// predict adds predictions to a.values, which are corrections (DecodePredictionData,
// PredictionScheme_ComputeOriginalValues).
func (d *decoder) predict(a *attribute, p predictor) *FormatError {
	if p.transform == transformCanonical || p.transform == transformOctahedra {
		return d.predictNormals(a, p)
	}
	switch p.scheme {
	case predictDifference:
		w, err := d.wrap()
		if err == nil {
			w.differences(a.values, a.width)
		}
		return err
	case predictParallelogram:
		w, err := d.wrap()
		if err == nil {
			w.parallelogram(a)
		}
		return err
	case predictParallelograms:
		return d.parallelograms(a)
	case predictTexCoords:
		return d.predictTexCoords(a)
	}
	return nil
}

// wrap adds corrections within a range: what leaves it at one end comes in at the
// other (Prediction Wrap Transform).
type wrap struct{ low, high, size int32 }

func (d *decoder) wrap() (wrap, *FormatError) {
	w := wrap{low: int32(d.r.u32()), high: int32(d.r.u32())}
	if err := d.short(); err != nil {
		return w, err
	}
	if n := int64(w.high) - int64(w.low); n < 0 || n >= 1<<31-1 {
		return w, d.bad("has values from %d to %d", w.low, w.high)
	}
	w.size = 1 + w.high - w.low
	return w, nil
}

// add makes values of corrections.
func (w wrap) add(predicted, values []int32) {
	for i, p := range predicted[:len(values)] {
		v := min(max(p, w.low), w.high) + values[i]
		if v > w.high {
			v -= w.size
		} else if v < w.low {
			v += w.size
		}
		values[i] = v
	}
}

func (w wrap) differences(values []int32, width int) {
	if len(values) == 0 {
		return
	}
	w.add(make([]int32, width), values[:width])
	for i := width; i < len(values); i += width {
		w.add(values[i-width:i], values[i:i+width])
	}
}

// parallelogram predicts from the face across the edge opposite to where an entry was
// met, or else from the entry before (Parallelogram Prediction Decoder).
func (w wrap) parallelogram(a *attribute) {
	n := a.width
	predicted := make([]int32, n)
	for e := range a.entries {
		from := predicted
		if !a.across(int32(e), a.order.corner[e], predicted) && e > 0 {
			from = a.values[(e-1)*n : e*n]
		}
		w.add(from, a.values[e*n:(e+1)*n])
	}
}

// across completes the parallelogram of the face opposite to c, if its entries all come
// before e (ComputeParallelogramPrediction).
func (a *attribute) across(e, c int32, out []int32) bool {
	o := a.table.opposite[c]
	if o < 0 {
		return false
	}
	entry, vertex := a.order.entry, a.table.vertex
	tip, after, before := entry[vertex[o]], entry[vertex[next(o)]], entry[vertex[previous(o)]]
	if tip >= e || after >= e || before >= e {
		return false
	}
	n := len(out)
	x, y, z := a.values[int(after)*n:], a.values[int(before)*n:], a.values[int(tip)*n:]
	for i := range out {
		out[i] = x[i] + y[i] - z[i]
	}
	return true
}
