// Package writebehind lets the database follow what stands in memory.
//
// It owns the machine: which rows have changed, when they are written and in what
// batches, what happens to a batch that the database refuses, and the last write before
// the program ends. Rows is that machine for rows that have a key; Loop is its clock
// alone, for a caller that keeps its own batch. The rows stay with the caller.
// It may import nothing of ours.
//
// One policy for a write that fails: the batch stays in memory, behind what else waits,
// and the next try is after twice the pause, up to PauseMost. It is logged. Nothing is
// lost but by the last write, which says so.
//
// Every write is carried through: its context does not end with the program's, so a
// write must bound its time itself, as db does.
package writebehind
