package signin

import (
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
)

// How often signing in may be tried. Attempts that succeed do not count. A network has more
// than a user, because a whole office can be behind one address.
var (
	userRate    = limit.Rate{Burst: 10, Every: time.Minute}
	networkRate = limit.Rate{Burst: 40, Every: 6 * time.Second}
	// mailRate bounds codes: a thief of a password must not flood the owner's mailbox.
	mailRate = limit.Rate{Burst: 10, Every: time.Minute}
)

// mostRemembered is of how many users and networks attempts are counted one by one.
const mostRemembered = 10_000
