package ledger

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// micros are CPU seconds as they are kept: whole numbers have one sum in any order.
const micros = 1e6

func checkUsage(u asset.Usage) error {
	err := first(asset.CheckID(u.Merchant), checkName("the event", u.Event), checkName("the kind", u.Kind), checkDay(u.Day),
		checkAmount("the count", u.Count), checkAmount("bytes", u.Bytes))
	if err == nil && !(u.CPUSeconds >= 0 && u.CPUSeconds*micros <= maxAmount) {
		err = fmt.Errorf("%w: CPU seconds are %g, not 0 to %g", asset.ErrInvalid, u.CPUSeconds, maxAmount/micros)
	}
	return err
}

// Record adds what was used. Events first, then sums, each in order: two calls that meet
// wait for each other in one direction only.
func (l *Ledger) Record(ctx context.Context, used []asset.Usage) error {
	if len(used) > maxPage {
		return fmt.Errorf("%w: %d events at once; say at most %d", asset.ErrInvalid, len(used), maxPage)
	}
	for _, u := range used {
		if err := checkUsage(u); err != nil {
			return err
		}
	}
	events := slices.Clone(used)
	slices.SortStableFunc(events, byEvent)
	events = slices.CompactFunc(events, func(a, b asset.Usage) bool { return byEvent(a, b) == 0 }) // the first one stays
	if len(events) == 0 {
		return nil
	}
	err := l.DB.Change(ctx, func(tx Tx) error { return l.record(ctx, tx, events) })
	return l.fault(ctx, err, "record %d events of use", len(used))
}

func byEvent(a, b asset.Usage) int {
	return cmp.Or(cmp.Compare(a.Merchant, b.Merchant), cmp.Compare(a.Event, b.Event))
}

func bySum(a, b asset.Usage) int {
	return cmp.Or(cmp.Compare(a.Merchant, b.Merchant), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Kind, b.Kind))
}

func (l *Ledger) record(ctx context.Context, tx Tx, events []asset.Usage) error {
	for i, u := range events {
		if i > 0 && u.Merchant == events[i-1].Merchant {
			continue
		}
		if err := known(ctx, tx, u.Merchant); err != nil {
			return fmt.Errorf("merchant %s: %w", u.Merchant, err)
		}
	}
	added, err := l.remember(ctx, tx, events)
	if err != nil || len(added) == 0 {
		return err
	}
	rows := &insert{into: "usage_days (merchant, day, kind, count, bytes, cpu_micros)"}
	slices.SortFunc(added, bySum)
	for len(added) > 0 {
		s := added[0]
		var count, bytes, cpu int64 // no sum of 1000 overflows
		for len(added) > 0 && bySum(s, added[0]) == 0 {
			count, bytes, cpu = count+added[0].Count, bytes+added[0].Bytes, cpu+int64(math.Round(added[0].CPUSeconds*micros))
			added = added[1:]
		}
		rows.add(s.Merchant, s.Day, s.Kind, count, bytes, cpu)
	}
	_, err = tx.Exec(ctx, rows.text(`ON CONFLICT (merchant, day, kind) DO UPDATE SET count = usage_days.count + excluded.count,
		bytes = usage_days.bytes + excluded.bytes, cpu_micros = usage_days.cpu_micros + excluded.cpu_micros`), rows.values...)
	return err
}

// remember returns the events that are new. One that another transaction is about to
// record is waited for.
func (l *Ledger) remember(ctx context.Context, tx Tx, events []asset.Usage) (added []asset.Usage, err error) {
	rows := &insert{into: "usage_events (merchant, event, day)"}
	for _, u := range events {
		rows.add(u.Merchant, u.Event, u.Day)
	}
	err = tx.Query(ctx, func(r Row) error {
		var u asset.Usage
		if err := r.Scan(&u.Merchant, &u.Event); err != nil {
			return err
		}
		i, ok := slices.BinarySearchFunc(events, u, byEvent)
		if !ok {
			return fmt.Errorf("event %q of %s was not asked for", u.Event, u.Merchant)
		}
		added = append(added, events[i])
		return nil
	}, rows.text("ON CONFLICT DO NOTHING RETURNING merchant, event"), rows.values...)
	return added, err
}

// Usage returns sums by day and kind.
func (l *Ledger) Usage(ctx context.Context, merchant, from, to string) (sums []asset.Usage, err error) {
	if err := first(asset.CheckID(merchant), checkDay(from), checkDay(to)); err != nil {
		return nil, err
	}
	err = known(ctx, l.DB, merchant)
	if err == nil {
		err = l.DB.Query(ctx, func(r Row) error {
			u := asset.Usage{Merchant: merchant}
			var cpu int64
			err := r.Scan(&u.Day, &u.Kind, &u.Count, &u.Bytes, &cpu)
			u.CPUSeconds = float64(cpu) / micros
			sums = append(sums, u)
			return err
		}, "SELECT day, kind, count, bytes, cpu_micros FROM usage_days WHERE merchant = $1 AND day >= $2 AND day <= $3 ORDER BY day, kind", merchant, from, to)
	}
	return sums, l.fault(ctx, err, "add up what %s used", merchant)
}

// insert is a statement that inserts rows.
type insert struct {
	into   string
	rows   []string
	values []any
}

func (s *insert) add(values ...any) {
	names := make([]string, len(values))
	for i := range names {
		names[i] = fmt.Sprintf("$%d", len(s.values)+i+1)
	}
	s.rows = append(s.rows, "("+strings.Join(names, ", ")+")")
	s.values = append(s.values, values...)
}

func (s *insert) text(then string) string {
	return "INSERT INTO " + s.into + " VALUES " + strings.Join(s.rows, ", ") + " " + then
}
