package prices

import "time"

// A Conversion is what one job is known to have done: from it follows what was asked of
// AWS.
type Conversion struct {
	CPU      time.Duration
	Beats    int   // extensions of the lease
	Notes    int   // of progress in the catalog
	Files    int   // that were stored
	Version  int64 // bytes of the version's item in the catalog
	Manifest int64 // bytes of the manifest's
	Logged   int64 // bytes of log lines
}

// WriteUnits is what DynamoDB charges for writing an item of that many bytes, and twice
// that within a transaction.
func WriteUnits(bytes int64) float64 { return units(bytes, 1<<10) }

// ReadUnits is what DynamoDB charges for reading an item of that many bytes as it is now.
func ReadUnits(bytes int64) float64 { return units(bytes, 4<<10) }

func units(bytes, each int64) float64 { return float64((max(bytes, 1) + each - 1) / each) }

// Usage is what a conversion that went well, at the first attempt, asks of AWS, its
// upload's part included. Messages are counted one by one; batches of them cost less.
//
//	queue    send, receive, each beat, delete
//	store    PUT source, then GET recipe and source, and PUT each file
//	catalog  Submit   reads model and version, and writes both at once
//	         Claim    reads the version, and writes it
//	         a note   the same
//	         Publish  reads model, version and the one that was current; writes all
//	                  three and the manifest at once
//	         again    reads model and version
//
// In the index by state an entry is added by Submit, and moved, which is two writes, by
// Claim and by Publish. The index by merchant changes with Submit only.
func (c Conversion) Usage() Usage {
	const model = 400 // bytes of the model's item, at most
	r, w := ReadUnits(c.Version), WriteUnits(c.Version)
	u := Usage{
		CPU: c.CPU, Requests: float64(3 + c.Beats), Puts: float64(1 + c.Files), Gets: 2, LoggedBytes: float64(c.Logged),
	}
	submit := Usage{ReadUnits: ReadUnits(model) + r, WriteUnits: 2*(WriteUnits(model)+w) + 1 + 2}
	claim := Usage{ReadUnits: r, WriteUnits: w + 2}
	notes := Usage{ReadUnits: float64(c.Notes) * r, WriteUnits: float64(c.Notes) * w}
	publish := Usage{ReadUnits: ReadUnits(model) + 2*r, WriteUnits: 2*(WriteUnits(model)+2*w+WriteUnits(c.Manifest)) + 2}
	again := Usage{ReadUnits: ReadUnits(model) + r}
	for _, part := range []Usage{submit, claim, notes, publish, again} {
		u = u.Plus(part)
	}
	return u
}
