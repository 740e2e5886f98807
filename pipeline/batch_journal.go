package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A BatchJournal says what a run of a plan did, one line of JSON for each thing. It is only
// added to, and each line survives a loss of power. It is not the truth, which is in the
// catalog: it tells failures of this run from those before it, and keeps times and reasons.
type BatchJournal struct {
	file *os.File
	BatchHistory
}

// BatchHistory is what a journal tells.
type BatchHistory struct {
	Sent       map[string]bool          // items, by name, that were begun
	Failures   map[string]asset.Failure // of items that failed
	Overtaken  map[string]bool          // items that were found to be another model by then
	Ends       []time.Time              // of items, in the order they ended
	RolledBack bool                     // a rollback has begun
}

// What a line of a journal tells.
const (
	journalPlan      = "plan"
	journalSent      = "sent"
	journalReady     = "ready"
	journalFailed    = "failed"
	journalOvertaken = "overtaken"
	journalRollback  = "rollback"
	journalRestored  = "restored"
)

type journalLine struct {
	At      time.Time      `json:"at"`
	What    string         `json:"what"`
	Item    string         `json:"item,omitempty"`
	Plan    string         `json:"plan,omitempty"`
	Failure *asset.Failure `json:"failure,omitempty"`
}

// OpenBatchJournal opens the journal of a plan for writing, making it if need be. Another
// process that has it open is ErrConflict.
func OpenBatchJournal(file string, p BatchPlan) (*BatchJournal, error) {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	j := &BatchJournal{file: f}
	if err := j.begin(p); err != nil {
		return nil, errors.Join(fmt.Errorf("open the journal %s: %w", file, err), f.Close())
	}
	return j, nil
}

func (j *BatchJournal) begin(p BatchPlan) error {
	if err := syscall.Flock(int(j.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("%w: another process is at work on this plan", asset.ErrConflict)
	}
	text, err := io.ReadAll(j.file)
	if err != nil {
		return err
	}
	var whole int
	if j.BatchHistory, whole, err = readHistory(text, p); err != nil {
		return err
	}
	// A line that was being written when the process was killed is written over.
	if err := j.file.Truncate(int64(whole)); err != nil {
		return err
	}
	if _, err := j.file.Seek(int64(whole), io.SeekStart); err != nil {
		return err
	}
	if whole > 0 {
		return nil
	}
	return j.write(journalLine{What: journalPlan, Plan: p.ID})
}

// ReadBatchHistory reads a journal that another process may be writing. One that is not
// there tells nothing.
func ReadBatchHistory(file string, p BatchPlan) (BatchHistory, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return BatchHistory{}, fmt.Errorf("read the journal: %w", err)
	}
	h, _, err := readHistory(text, p)
	if err != nil {
		return h, fmt.Errorf("read the journal %s: %w", file, err)
	}
	return h, nil
}

// readHistory reads lines, and how many bytes are whole ones.
func readHistory(text []byte, p BatchPlan) (h BatchHistory, whole int, err error) {
	h = BatchHistory{Sent: map[string]bool{}, Failures: map[string]asset.Failure{}, Overtaken: map[string]bool{}}
	for n := 1; ; n++ {
		end := bytes.IndexByte(text[whole:], '\n')
		if end < 0 {
			return h, whole, nil
		}
		var l journalLine
		if err := json.Unmarshal(text[whole:whole+end], &l); err != nil {
			return h, whole, fmt.Errorf("%w: line %d: %w", asset.ErrInvalid, n, err)
		}
		if l.What == journalPlan && l.Plan != p.ID {
			return h, whole, fmt.Errorf("%w: it is that of plan %.20s, not %s; give the plan another name", asset.ErrInvalid, l.Plan, p.ID)
		}
		h.note(l)
		whole += end + 1
	}
}

func (h *BatchHistory) note(l journalLine) {
	switch l.What {
	case journalSent:
		h.Sent[l.Item] = true
		delete(h.Failures, l.Item)
		delete(h.Overtaken, l.Item)
	case journalReady:
		h.Ends = append(h.Ends, l.At)
		delete(h.Failures, l.Item)
	case journalFailed:
		h.Ends = append(h.Ends, l.At)
		if l.Failure != nil {
			h.Failures[l.Item] = *l.Failure
		}
	case journalOvertaken:
		h.Overtaken[l.Item] = true
		delete(h.Failures, l.Item)
	case journalRollback:
		h.RolledBack = true
	}
}

// write adds a line.
func (j *BatchJournal) write(l journalLine) error {
	l.At = time.Now().UTC()
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	j.note(l)
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// RollBack notes that a rollback begins: what a plan made is not to be made again by it.
func (j *BatchJournal) RollBack() error { return j.write(journalLine{What: journalRollback}) }

// Restored notes that a model is what it was before.
func (j *BatchJournal) Restored(i BatchItem) error {
	return j.write(journalLine{What: journalRestored, Item: i.Name()})
}

// RetireBatchJournal puts the journal of a plan that was rolled back aside, as FILE.rolled-back,
// so that the same plan, made again, can be carried out. Others stay.
func RetireBatchJournal(file string, p BatchPlan) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	// One that can't be read, or is another plan's, is told by whoever opens it.
	if h, _, err := readHistory(text, p); err != nil || !h.RolledBack {
		return nil
	}
	j, err := OpenBatchJournal(file, p) // nobody is at work on it
	if err != nil {
		return err
	}
	return errors.Join(os.Rename(file, file+".rolled-back"), j.Close())
}

// Close lets go of the journal.
func (j *BatchJournal) Close() error { return j.file.Close() }
