package signin

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// attempt is one attempt to sign in that was counted.
type attempt struct {
	a       *Authenticator
	user    string
	network netip.Prefix
	home    bool // the user signed in from that network lately
}

// home is a network from which a user has signed in.
type home struct {
	user    string
	network netip.Prefix
}

// errTooMany does not tell whether there is such a user.
var errTooMany = &pbx.Error{Kind: pbx.TooMany, Message: "too many attempts to sign in: wait a minute"}

// try counts an attempt at a user before anything is compared. done frees the place in the
// queue.
//
// A network from which the user signed in lately has attempts of its own. So guesses from
// elsewhere do not keep the user out.
func (a *Authenticator) try(user, address string) (at attempt, done func(), err error) {
	at = attempt{a: a, user: user, network: limit.NetworkOf(address)}
	now := a.now()
	if !a.networks.Take(at.network, now) {
		return at, nil, errTooMany
	}
	at.home = a.homes.has(home{user, at.network}, now)
	if at.home && !a.atHome.Take(home{user, at.network}, now) || !at.home && !a.users.Take(user, now) {
		return at, nil, errTooMany
	}
	select {
	case a.busy <- struct{}{}:
		return at, func() { <-a.busy }, nil
	default:
		return at, nil, &pbx.Error{Kind: pbx.Unavailable, Message: "too many people sign in at this moment: try again"}
	}
}

// right takes the attempt back: what was shown was right.
func (at attempt) right() {
	at.a.networks.GiveBack(at.network)
	if at.home {
		at.a.atHome.GiveBack(home{at.user, at.network})
	} else {
		at.a.users.GiveBack(at.user)
	}
}

const (
	// homesOfOne is how many networks of one user are remembered.
	homesOfOne = 4
	// homeFor is how long after a sign-in.
	homeFor = 30 * 24 * time.Hour
)

// homes remembers from where users signed in, until the program ends. Nobody but a user
// that signs in gets in here. While mostRemembered users are, no others come in.
type homes struct {
	mu sync.Mutex
	of map[string][]signedIn
}

// signedIn is the last time that a user signed in from a network.
type signedIn struct {
	network netip.Prefix
	at      time.Time
}

func (h *homes) has(of home, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.of[of.user], func(s signedIn) bool {
		return s.network == of.network && now.Sub(s.at) < homeFor
	})
}

func (h *homes) add(of home, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list, known := h.of[of.user]
	if !known && len(h.of) >= mostRemembered {
		return
	}
	list = slices.DeleteFunc(list, func(s signedIn) bool { return s.network == of.network })
	list = append(list, signedIn{of.network, now})
	h.of[of.user] = list[max(0, len(list)-homesOfOne):]
}
