package fleet

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// How many phones the inbox keeps and how fast new ones may come. A site of 200
// phones behind one address that is switched on at once gets in whole; one
// address alone can neither fill the inbox nor use up what all may send.
const (
	inboxRows     = 500  // phones
	inboxNetworks = 2048 // whose rate is remembered
)

var (
	inboxNetworkRate = limit.Rate{Burst: 250, Every: 6 * time.Second}
	inboxRate        = limit.Rate{Burst: 500, Every: time.Second / 2}
)

// inboxLimits says which networks may bring new phones.
type inboxLimits struct {
	all      limit.Bucket
	networks *limit.Count[netip.Prefix]
	rows     map[netip.Prefix]int // phones of the inbox by network; no entry for 0
}

func newInboxLimits() *inboxLimits {
	return &inboxLimits{networks: limit.NewCount[netip.Prefix](inboxNetworkRate, inboxNetworks), rows: map[netip.Prefix]int{}}
}

// allow takes a new phone of a network, or refuses it. The network is asked
// first, so that one alone cannot use up what all may send.
func (l *inboxLimits) allow(network netip.Prefix, now time.Time) bool {
	return l.networks.Take(network, now) && l.all.Take(inboxRate, now)
}

// count changes how many rows a network has.
func (l *inboxLimits) count(network netip.Prefix, by int) {
	if l.rows[network] += by; l.rows[network] == 0 {
		delete(l.rows, network)
	}
}

// victim is the row that makes room for a new one of a network: one of no known
// make before all others, then one of the network that then has the most, then
// the one seen the longest ago. So a network that invents phones displaces its
// own, and never those of a smaller one; only one who has hundreds of addresses
// and talks like a phone gets further.
func (in *Inbox) victim(source netip.Prefix) pbx.MAC {
	in.limits.count(source, 1)
	defer in.limits.count(source, -1)
	out := slices.MinFunc(slices.Collect(maps.Values(in.rows)), func(a, b *inboxRow) int {
		return cmp.Or(a.makeKnown()-b.makeKnown(), in.limits.rows[b.source]-in.limits.rows[a.source], a.LastSeen.Compare(b.LastSeen))
	})
	return out.MAC
}

// makeKnown is 1 for a row whose make was guessed, else 0.
func (r *inboxRow) makeKnown() int {
	if r.Vendor == "" {
		return 0
	}
	return 1
}
