// Package event tells what happened to every listener: the event stream, the lamps.
//
// It owns the hub, which hands events out, and the types of what they tell. Those are
// plain values without a wire format: each listener that sends them somewhere has views
// of its own. It may import provisioner/pbx, whose words the types use, and nothing else
// of ours, so that every package which publishes or listens can import it.
package event
