// Package calls owns the calls under way.
//
// Tracker follows every channel of Asterisk by AMI events and makes calls of them. Its use
// cases act on a call: hang up, transfer, consult, record, place. Turns is what was observed
// of ring groups. A call that has ended is handed on as a record. It may import
// provisioner/pbx, db, ami, provisioner/event and provisioner/writebehind; it knows no other
// machine.
package calls
