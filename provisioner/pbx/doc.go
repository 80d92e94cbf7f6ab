// Package pbx is the vocabulary of Dialtone and its rules: tenants, extensions,
// devices, phones, mailboxes, trunks, external numbers, the snapshot that holds
// them, and the plan of a call.
//
// It owns what these words mean, what values they may carry, and every decision
// that is a pure function of them (Route). It holds desired state and observed
// state in separate structs and never mixes them. It performs no input or output
// and may import the standard library only, so that every other package can
// import it.
package pbx
