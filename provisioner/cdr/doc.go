// Package cdr owns the records of calls that have ended.
//
// Recorder writes them, and counts what extensions have answered. Away makes records of
// calls that ended while the controller was away or its connection cut. For these,
// Asterisk's cdr_custom writes lines into a file that stays when we do not. It was measured
// against the alternatives: events, also those of cdr_manager, are lost while nobody
// listens; cel_custom writes several times as much; a handler at the end of each call costs
// every call. It may import provisioner/pbx, db, provisioner/asteriskconf and
// provisioner/spool.
package cdr
