package writebehind

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Options is what Rows needs of its owner. Read and Write are required.
type Options[K comparable, B any] struct {
	What  string        // the rows in the plural, for the log
	Every time.Duration // the longest that a changed row waits
	Batch int           // most rows of one write; 0 for all
	// Most bounds what waits, as far as Offer is concerned.
	Most int
	// Before prepares each write, for example by finding rows that are too old.
	Before func()
	// Read copies the rows of keys out of memory. Keys without a row are rows to
	// delete, or nothing.
	Read func(keys []K) B
	// Write stores a batch. It is called without the lock.
	Write func(context.Context, B) error
	// Written is called after a batch was stored.
	Written func(B)
	Log     *slog.Logger
}

// Rows knows which rows of its owner have changed and writes them. Rows that have waited
// longest go first.
//
// Like sync.Cond it has its owner's lock, the one that guards the rows: marking a row
// then costs nothing but the mark, and a batch is one state of memory. The owner holds
// the lock when it calls Mark, Offer, Marked or Lost; Rows holds it when it calls
// Before, Read or Written. Run, Nudge and Flush are called without it.
type Rows[K comparable, B any] struct {
	*Loop
	lock sync.Locker
	o    Options[K, B]

	// Guarded by lock.
	marked map[K]struct{}
	order  []K // the same, as they were marked
	lost   uint64
}

// New returns Rows that share their owner's lock.
func New[K comparable, B any](lock sync.Locker, o Options[K, B]) *Rows[K, B] {
	r := &Rows[K, B]{lock: lock, o: o, marked: map[K]struct{}{}}
	r.Loop = NewLoop(o.Log, o.What, o.Every, r.store)
	return r
}

// Mark notes that a row has changed. Memory keeps the row itself, so the number of rows
// bounds the waiting ones.
func (r *Rows[K, B]) Mark(key K) {
	if _, already := r.marked[key]; already {
		return
	}
	r.marked[key] = struct{}{}
	r.order = append(r.order, key)
}

// Offer is Mark for a key that is a row itself, which nothing bounds. Overflow rule: if
// Most keys wait already, it is lost, counted and now and then logged.
func (r *Rows[K, B]) Offer(key K) {
	if len(r.order) < r.o.Most {
		r.Mark(key)
		return
	}
	if r.lost++; r.lost%1000 == 1 {
		r.o.Log.Error(r.o.What+" are lost: the database does not keep up", "lost", r.lost)
	}
}

// Marked reports whether a row waits to be written.
func (r *Rows[K, B]) Marked(key K) bool {
	_, is := r.marked[key]
	return is
}

// Lost returns how many keys Offer did not take.
func (r *Rows[K, B]) Lost() uint64 { return r.lost }

// store writes the waiting rows, batch by batch until one fails. Rows marked meanwhile wait
// for the next time, so that busy rows are not written without end.
func (r *Rows[K, B]) store(ctx context.Context) error {
	r.lock.Lock()
	if r.o.Before != nil {
		r.o.Before()
	}
	left := len(r.order)
	r.lock.Unlock()
	for left > 0 {
		keys, batch := r.take(left)
		left -= len(keys)
		if err := r.o.Write(ctx, batch); err != nil {
			r.putBack(keys)
			return err
		}
		if r.o.Written != nil {
			r.lock.Lock()
			r.o.Written(batch)
			r.lock.Unlock()
		}
	}
	return nil
}

// take unmarks the keys of the next batch, at most so many.
func (r *Rows[K, B]) take(most int) ([]K, B) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.o.Batch > 0 {
		most = min(most, r.o.Batch)
	}
	keys := slices.Clone(r.order[:most])
	r.order = slices.Delete(r.order, 0, most)
	for _, k := range keys {
		delete(r.marked, k)
	}
	return keys, r.o.Read(keys)
}

// putBack marks keys behind all others after their write failed. Rows that the database
// refuses must not keep others from being written.
func (r *Rows[K, B]) putBack(keys []K) {
	r.lock.Lock()
	defer r.lock.Unlock()
	for _, k := range keys {
		r.Mark(k)
	}
}
