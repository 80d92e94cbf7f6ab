// Package factory is a desk phone as its vendor ships it. What none of its files says is as
// the vendor's table of defaults has it, by make and era of the software, and a parameter
// that the software does not know does nothing.
//
// Settings are the parameters in force and what follows from them: what leaves when a number
// is typed, what keys dial, how a call is refused. Desk is a simulated phone with a keypad, keys
// of its own and a memory of what its user set. It judges our files, so it may import only
// cmd/phonesim/phone, which reads them.
package factory
