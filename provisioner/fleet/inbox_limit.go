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

// Bounds of the inbox. A site of 200 phones behind one address that is switched on at
// once gets in whole. One address alone can neither fill the inbox nor use up the rate
// of all.
const (
	inboxRows     = 500  // phones
	inboxNetworks = 2048 // networks with a rate of their own
)

var (
	inboxNetworkRate = limit.Rate{Burst: 250, Every: 6 * time.Second}
	inboxRate        = limit.Rate{Burst: 500, Every: time.Second / 2}
)

// rank says how much speaks for a new phone. A higher one goes first.
type rank int

const (
	nameless rank = iota // it does not say its make
	named                // it does, which anybody can
	atHome               // phones of ours ask from its network
	ranks
)

func rankOf(vendor pbx.Vendor, home bool) rank {
	switch {
	case home:
		return atHome
	case vendor != "":
		return named
	}
	return nameless
}

// inboxLimits bounds the rate of new phones, of each network and of all of a rank. A flood
// of strangers takes nothing from phones of a higher rank.
type inboxLimits struct {
	all      [ranks]limit.Bucket
	networks [ranks]*limit.Count[netip.Prefix]
	rows     map[netip.Prefix]int // phones of the inbox by network; no entry for 0
}

func newInboxLimits() *inboxLimits {
	l := &inboxLimits{rows: map[netip.Prefix]int{}}
	for i := range l.networks {
		l.networks[i] = limit.NewCount[netip.Prefix](inboxNetworkRate, inboxNetworks)
	}
	return l
}

// allow reports whether a network may bring a new phone now. The network's own rate is
// taken first, so that one network alone cannot use up the rate of all.
func (l *inboxLimits) allow(of rank, network netip.Prefix, now time.Time) bool {
	return l.networks[of].Take(network, now) && l.all[of].Take(inboxRate, now)
}

// count changes the number of rows of a network.
func (l *inboxLimits) count(network netip.Prefix, by int) {
	if l.rows[network] += by; l.rows[network] == 0 {
		delete(l.rows, network)
	}
}

// victim returns the row that makes room for a new one.
//
// Rows of the lowest rank go first. Among those, the network that has the most rows gives
// one, the new row counted, and of its rows the one seen the longest ago. So a network
// that invents phones displaces its own, and never those of a smaller one. To get
// further takes hundreds of addresses and the User-Agents of phones.
func (in *Inbox) victim(source netip.Prefix) *inboxRow {
	in.limits.count(source, 1)
	defer in.limits.count(source, -1)
	return slices.MinFunc(slices.Collect(maps.Values(in.rows)), func(a, b *inboxRow) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()),
			in.limits.rows[b.source]-in.limits.rows[a.source],
			a.LastSeen.Compare(b.LastSeen))
	})
}

func (r *inboxRow) rank() rank { return rankOf(r.Vendor, r.home) }
