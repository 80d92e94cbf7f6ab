// Package pbx is the vocabulary of Dialtone and its rules: tenants, extensions,
// devices, phones, mailboxes, trunks, external numbers, the snapshot that holds
// them, and the plan of a call.
//
// It owns what these words mean, what values they may carry, and every decision
// that is a pure function of them (Route). It holds desired state and observed
// state in separate structs and never mixes them. It performs no input or output
// and may import the standard library only, so that every other package can
// import it.
//
// # Glossary
//
// The words are those of Asterisk, of SIP (RFC 3261, RFC 5589) and of the phones' makers.
//
// In the configuration:
//
//   - Reseller: owns tenants and other resellers. All below it is its branch.
//   - Account: the platform, a reseller or a tenant; a place in the tree of these.
//   - Inventory: all numbers that accounts have brought, and hand on. A Number is one that a
//     tenant has, with what it is used for there.
//   - Carrier: a name for the company that brings calls or text messages to a number. It is no trunk.
//   - Tenant: one customer. Numbers, names and codes are unique within a tenant.
//   - Extension: a number inside a tenant that can be dialled. It rings its devices.
//   - Device: one account that registers or is dialled: a line of a desk phone, a softphone,
//     a mobile, a browser. In Asterisk each is one endpoint.
//   - Endpoint, AOR, contact: as in res_pjsip. The contact is the address that a device
//     registered, the AOR the place that keeps it.
//   - Phone: a piece of hardware with a MAC address. Its lines are devices.
//   - Handset: a cordless one of a phone that is a base. It uses lines of the base.
//   - Phonebook: the people that phones show. Its contacts (type Contact) are people outside;
//     everywhere else a contact is that of SIP.
//   - Mailbox: where voicemail is kept. MWI is the message lamp of a mailbox.
//   - Hint: what a lamp (BLF) subscribes to in order to follow an extension.
//   - Queue: a number at which callers wait in line until a member of the queue is free.
//   - Trunk: the account at a carrier. A DID is a number that the carrier brings calls for;
//     here it is called Number.
//   - External number: a number outside that acts as a device or a twin.
//   - Digit map: the patterns by which a phone knows, off hook, that a number is whole.
//   - Class of service: the rules for which numbers an extension may dial.
//   - Desk: a shared device on which a user signs in.
//   - Application: a program of the tenant that is asked over HTTP what happens to a call.
//
// In a call:
//
//   - Caller, callee: the party that began the call, and the party that it was for.
//   - Leg: one party of a call, in Asterisk one channel.
//   - Hold: the leg hears music and can be taken back.
//   - Transferor, transferee, target: the party that transfers, the party that is moved, and
//     the party that it is moved to (RFC 5589). A blind transfer does not wait for the
//     target; an attended one is preceded by a consultation.
//   - Consultation: the call of the transferor to the target while the transferee is held.
//   - Pickup: a call that rings elsewhere is answered here.
//   - Come back: a call that was transferred or parked, and that nobody takes, rings the
//     phone that let go of it.
//   - Forward: a rule of an extension that leads its calls elsewhere.
//   - Twin: an external number that rings with an extension.
//   - Watcher: the subscriber of a hint, or in status the follower of endpoints.
//
// How a call is decided:
//
//   - Plan: the steps of a call (dial, play, voicemail, hang up) that Route returns.
//   - Step: one of them. callflow hands it to the dialplan, which comes back with the Outcome.
//   - Verb: one thing that an application answers; a step carries it out.
//   - Hop: one extension, group or number on the way of a call through forwards.
//   - Turn: what a ring group remembers: the member that the last call began with.
//   - Fallback: the rendered dialplan that is followed without a controller.
//
// How the state is called:
//
//   - Row: one object as the database keeps it. Revision: the number of a change.
//   - Snapshot: all rows at one revision, immutable.
//   - Desired state: what people configured. Observed state: what Asterisk and phones say.
//   - Marker: an object with the hash of a file, by which Asterisk shows what it has loaded.
//   - Drift: something outside differs from what Dialtone wrote or a phone fetched.
//
// The rules of routing (plan.go, route.go, ring*.go, forward.go, hop.go, outward.go,
// dialplan.go) build on the vocabulary and move to a package of their own once queues come.
package pbx
