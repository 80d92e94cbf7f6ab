package truth

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestTruthAccountsRealAsterisk: two tenants have accounts at one carrier, one of them two. The
// carrier has one address, and calls back what each account registered: that alone tells which
// trunk a call is for that is to a number of no tenant. The rows are played with and without a
// controller.
func TestTruthAccountsRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			s := &inboundStage{Lab: Open(t, suite), carrier: OpenWire(t, "127.0.0.5")}
			contacts := s.accounts(t)
			play := func(t *testing.T) {
				for _, row := range accountTruths {
					s.called(t, row, contacts[row.account])
				}
			}
			play(t)
			s.Kill(t)
			t.Run("alone", play)
			s.full(t, contacts["account.1"])
			s.Restart(t)
		})
	}
}

// accountCall is a row: a carrier calls the contact of an account.
type accountCall struct {
	situation string
	account   string
	user      string // put into the contact; "" leaves the account
	to        string // user part of To
	rings     string
}

const accountOther = "+493099999999" // of no tenant

var accountTruths = []accountCall{
	{"an account, the number in To", "account.1", "", "+493012345601", "101"},
	{"an account, a stranger's number in To", "account.1", "", accountOther, "101"},
	{"another tenant's account, a stranger's number in To", "4930777", "", accountOther, "beta 101"},
	{"the second account of a tenant, a stranger's number in To", "account.2", "", accountOther, "102"},
	{"an account, named in To as well", "account.2", "", "account.2", "102"},
	{"another tenant's account, named in To as well", "4930777", "", "4930777", "beta 101"},
	{"a number in the contact", "account.1", "+493012345601", "+493012345601", "101"},
	{"a stranger's number in the contact", "account.1", accountOther, accountOther, "101"},
	{"a stranger's number in the contact of another tenant", "4930777", accountOther, accountOther, "beta 101"},
	{"a stranger's number in the second contact of a tenant", "account.2", accountOther, accountOther, "102"},
	{"another tenant's number in the contact", "account.1", "+493012345651", "+493012345651", "beta 101"},
	{"a number of the tenant in the contact of its other account", "account.2", "03012345601", "03012345601", "101"},
}

// called calls the contact of an account and compares what rings.
func (s *inboundStage) called(t *testing.T, row accountCall, contact string) {
	t.Helper()
	s.mu.Lock()
	s.rung = nil
	s.mu.Unlock()
	if row.user != "" {
		_, rest, _ := strings.Cut(contact, "@")
		contact = "sip:" + row.user + "@" + rest
	}
	ends := s.carrier.Final(t, s.carrier.CallsURI(t, s.Lab, contact, row.to, brJane))
	s.mu.Lock()
	defer s.mu.Unlock()
	if rung := strings.Join(s.rung, ", "); ends != "486" || rung != row.rings+" Jane <+498912345678>" {
		t.Errorf("%s: there rings %q, and the carrier is told %s; want %s", row.situation, rung, ends, row.rings)
	}
}

// boundTwin is the number of a twin of alpha, whose first trunk carries two calls.
const boundTwin = "+4930999998"

// full: without a controller the first trunk carries as many calls as it may; a further one
// leaves by the second, and the carrier's own call by the first is refused.
func (s *inboundStage) full(t *testing.T, contact string) {
	t.Helper()
	s.carrier.Answers("INVITE", "180 Ringing")
	for calls := 1; calls <= 3; calls++ {
		on := Dial(t, s.caller, "121")
		defer func() {
			if err := on.Hangup(Within(t, Patience)); err != nil {
				t.Error(err)
			}
		}()
		want := map[string]int{"+493012345601": min(calls, 2), "+493012345602": max(0, calls-2)}
		Eventually(t, Patience, func() string {
			got, seen := map[string]int{"+493012345601": 0, "+493012345602": 0}, map[string]bool{}
			for _, packet := range s.carrier.Packets("INVITE") {
				if id := Header(packet, "Call-ID"); !seen[id] {
					seen[id] = true
					got[userOfFrom.FindStringSubmatch(Header(packet, "From"))[1]]++
				}
			}
			if !maps.Equal(got, want) {
				return fmt.Sprintf("the carrier is called by %v, want %v", got, want)
			}
			return ""
		})
	}
	if ends := s.carrier.Final(t, s.carrier.CallsURI(t, s.Lab, contact, accountOther, brJane)); ends != "503" {
		t.Errorf("the carrier calls a trunk that is full, and is told %s", ends)
	}
}

// accounts makes both tenants with their accounts, each with a default number, and returns the
// contact that each has registered.
func (s *inboundStage) accounts(t *testing.T) map[string]string {
	t.Helper()
	s.carrier.Answers("REGISTER", "200 OK")
	for at, numbers := range map[string][]string{alpha: {"101", "102"}, beta: {"101"}} {
		tenant := at[strings.LastIndex(at, "/")+1:]
		s.Do(t, "PUT", at, Object{"title": tenant, "country": "DE", "timezone": "UTC"}, nil)
		for _, number := range numbers {
			s.ExtensionOf(t, tenant, number, "", nil)
			s.phone(t, tenant, number)
		}
	}
	out := map[string]string{}
	for account, its := range map[string]struct{ at, number, to string }{
		"account.1": {alpha, "+493012345601", "extension:101"}, "account.2": {alpha, "+493012345602", "extension:102"},
		"4930777": {beta, "+493012345651", "extension:101"},
	} {
		s.Do(t, "PUT", its.at+"/numbers/"+its.number, Object{"destination": its.to}, nil)
		s.Do(t, "PUT", its.at+"/trunks/"+strings.ReplaceAll(account, ".", "-"), s.carrier.Trunk(Object{"username": account,
			"secret": "secret-of-" + account, "register": true, "default_number": its.number, "caller_number": its.number,
			"max_calls": 2}), nil)
		out[account] = ""
	}
	s.ExtensionOf(t, "alpha", "103", "", nil)
	s.Do(t, "PUT", alpha+"/external-numbers/"+boundTwin, Object{}, nil)
	s.ExtensionOf(t, "alpha", "121", "", Object{"twin_number": boundTwin, "ring_seconds": 60})
	s.caller = s.Register(t, s.DeviceOf(t, "alpha", "caller", "103", nil), phone.Options{})
	s.Applied(t)
	Eventually(t, 30*time.Second, func() string { // the first registration is put off by up to ten seconds
		for _, packet := range s.carrier.Packets("REGISTER") {
			uri, _, _ := strings.Cut(strings.TrimPrefix(Header(packet, "Contact"), "<"), ">")
			account, _, _ := strings.Cut(strings.TrimPrefix(uri, "sip:"), "@")
			out[account] = uri
		}
		for account, contact := range out {
			if !strings.Contains(contact, ";line=") {
				return "account " + account + " has registered " + contact
			}
		}
		return ""
	})
	return out
}
