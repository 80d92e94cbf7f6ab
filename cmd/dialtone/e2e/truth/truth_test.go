package truth

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/factory"
	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// truth is one row of the truth table of calls: a situation, and what comes of it.
// Each is called once on a real Asterisk, and the simulator is asked as well.
type truth struct {
	situation string
	// set are objects of the office beside those that follow from people: every
	// phone 120a is a device of extension 120, and both are made.
	set world
	// people says what everybody does, "120a answers, 120b silent": see actor. The
	// caller, if not said otherwise, is somebody with a number of his own, and hangs
	// up in the end.
	people string
	dials  string
	rings  string // whose phones ring, from which second on, to which: "120a 0-5, 120b 5"
	// hears is until the call ends somewhere: ringing, music, announcement, "announcement 700" where that has
	// such a tone, or nothing; "" where it is chance
	hears string
	ends  string // "with 120a", "mailbox 120 unavailable", "messages 120", or a SIP status
	cdr   string // outcome and answering device; then every leg with its own outcome, and ways
}

// world is objects by their path within the tenant; a path that begins with
// "POST " is an action, one with "PATCH " a change after all objects are there.
type world map[string]Object

// actor is what one does in a row.
type actor struct {
	name string // of the device, or of a mobile
	// does is what happens when the phone rings: answers, refuses (as busy), declines, silent (rings on),
	// absent (is not registered), dead (does not answer qualify), or unseen (as dead,
	// but nobody asks), dnd (the phone's own do not disturb), outside machine (answers and says nothing), unallocated, changed or incomplete (what the carrier
	// says), redirects. For the caller:
	// leaves, or clicks (the call is placed over the API).
	does      string
	after     time.Duration // after which time
	redirects string        // where the phone itself sends its calls: a number, or user@host
	presses   string        // keys, once the answered call says something
	transfers string        // number to which an answered call is sent by the transfer key
	announces string        // the same after a second call to it
	hands     string        // the same while the second call still rings
	moves     string        // number to which an answered call is sent over the API
	again     string        // what is done when the phone rings again after that
	consults  string        // number that the phone in an answered call is let ask over the API
	// then is what comes of that: completes or returns (over the API), departs (hangs up
	// while talking), abandons (hangs up before an answer); "" is up to the other.
	then  string
	dials string // another call, placed after that time
	talks string // phone that was called before and is still talked to
	sees  string // number that the phone must show
	says  string // SIP answer with which a phone or the carrier ends the call
	is    string // for the caller: the device or mobile that calls
}

// readActor reads one clause of truth.people.
func readActor(clause string) (*actor, error) {
	words := strings.Fields(clause)
	p := &actor{name: words[0]}
	for i := 1; i < len(words); i++ {
		arg := ""
		if i+1 < len(words) {
			arg = words[i+1]
		}
		switch words[i] {
		case "answers", "refuses", "declines", "silent", "absent", "dead", "unseen", "leaves", "clicks", "machine",
			"unallocated", "changed", "incomplete", "dnd":
			p.does = words[i]
			continue
		case "completes", "returns", "departs", "abandons":
			p.then = words[i]
			continue
		case "after":
			n, err := strconv.Atoi(arg)
			if err != nil {
				return nil, fmt.Errorf("reading %q: %w", clause, err)
			}
			p.after = time.Duration(n) * time.Second
		case "redirects":
			p.does, p.redirects = words[i], arg
		case "presses":
			p.presses = arg
		case "transfers":
			p.transfers = arg
		case "announces":
			p.announces = arg
		case "hands":
			p.hands = arg
		case "moves":
			p.moves = arg
		case "again":
			p.again = arg
		case "consults":
			p.consults = arg
		case "dials":
			p.dials = arg
		case "talks":
			p.talks = arg
		case "sees":
			p.sees = arg
		case "says":
			p.says = arg
		case "is":
			p.is = arg
		default:
			return nil, fmt.Errorf("reading %q: what is %s", clause, words[i])
		}
		i++
	}
	return p, nil
}

// contact is where a phone that redirects says the call shall go.
func (p *actor) contact() string {
	if strings.Contains(p.redirects, "@") {
		return "sip:" + p.redirects
	}
	return "sip:" + p.redirects + "@127.0.0.1"
}

// stage is a lab with everything that the rows of a table need.
type stage struct {
	*Lab
	accounts map[string]phone.Account
	phones   map[string]*phone.Phone
	desks    map[string]*factory.Desk // those of phones that are as their vendors ship them
	models   func(device string) desk // what phone a device is; nil: one of no vendor
	people   map[*truth]map[string]*actor
	numbers  map[string]string // what rings outside, by what the simulator and records call it
	callers  chan string
	calls    sync.Map // *truth → chan *scene
	mobile   map[string]*sync.Mutex
}

const (
	truthCallers = 8    // how many rows are called at once
	firstCaller  = 9001 // their callers' first number
)

var deviceName = regexp.MustCompile(`^([0-9]+)[a-z]$`)

// tellTruth calls every row and judges each in a subtest. Rows of the same chain are
// called in their order.
func tellTruth(t *testing.T, s *stage, rows []truth) {
	t.Helper()
	s.set(t, rows)
	chains := map[string][]*truth{}
	var order []string
	for i := range rows {
		row := &rows[i]
		key := s.chain(row)
		if chains[key] == nil {
			order = append(order, key)
		}
		chains[key] = append(chains[key], row)
		s.calls.Store(row, make(chan *scene, 1))
	}
	var calls sync.WaitGroup
	defer calls.Wait()
	next := make(chan []*truth, len(order))
	for _, number := range order {
		next <- chains[number]
	}
	close(next)
	for range truthCallers {
		calls.Go(func() {
			for chain := range next {
				for _, row := range chain {
					out, _ := s.calls.Load(row)
					out.(chan *scene) <- s.play(t.Context(), row)
				}
			}
		})
	}
	for i := range rows {
		t.Run(rows[i].situation, func(t *testing.T) {
			out, _ := s.calls.Load(&rows[i])
			(<-out.(chan *scene)).judge(t)
		})
	}
}

// chain is what rows have in common that are called in their order: the number
// that they dial, or whose settings they change by a code.
func (s *stage) chain(row *truth) string {
	if c := s.people[row]["caller"]; c != nil && c.is != "" && strings.HasPrefix(row.dials, "*") {
		return deviceName.FindStringSubmatch(c.is)[1]
	}
	return row.dials
}

// openStage opens a lab for a table.
func openStage(t *testing.T) *stage {
	t.Helper()
	return stageIn(Open(t, box.Asterisk22))
}

func stageIn(l *Lab) *stage {
	s := &stage{Lab: l, desks: map[string]*factory.Desk{}, accounts: map[string]phone.Account{}, phones: map[string]*phone.Phone{},
		people: map[*truth]map[string]*actor{}, numbers: map[string]string{}, callers: make(chan string, truthCallers), mobile: map[string]*sync.Mutex{}}
	for i := range truthCallers {
		s.callers <- fmt.Sprint(firstCaller+i) + "a"
	}
	return s
}

// kindsInOrder is the order in which objects can be made: what others refer to
// first. additional are extensions that ring devices of others.
var kindsInOrder = []string{"announcements", "classes-of-service", "groups", "external-numbers", "mailboxes",
	"extensions", "devices", "additional", "users", "queues", "ring-groups", "forwards", "numbers"}

// set makes all objects of all rows, and registers their phones.
func (s *stage) set(t *testing.T, rows []truth) {
	t.Helper()
	all, actions, fates := world{}, world{}, map[string]string{}
	for i := range truthCallers {
		fates[fmt.Sprint(firstCaller+i)+"a"] = ""
	}
	for i := range rows {
		s.cast(t, &rows[i], fates)
		for path, body := range rows[i].set {
			if strings.Contains(path, " ") {
				actions[path] = body
			} else {
				all[path] = body
			}
		}
	}
	s.complete(all, fates)
	for _, kind := range kindsInOrder {
		for _, path := range slices.Sorted(maps.Keys(all)) {
			k, name, _ := strings.Cut(path, "/")
			if k == "extensions" && all[path]["parent_device"] != nil && kind != "additional" {
				continue
			}
			if k == kind && kind == "announcements" {
				s.Announcement(t, name, all[path]["tone"].(float64), 2*time.Second)
			} else if k == kind && kind == "devices" && all[path]["kind"] != "external" {
				s.accounts[name] = s.Device(t, name, "", all[path])
			} else if k == kind || kind == "additional" && all[path]["parent_device"] != nil {
				s.Do(t, "PUT", Tenant+"/"+path, all[path], nil)
			}
		}
	}
	for action, body := range actions {
		method, path, _ := strings.Cut(action, " ")
		s.Do(t, method, Tenant+"/"+path, body, nil)
	}
	s.Applied(t)
	s.enter(t, fates)
}

// cast reads a row's people, and whose phones those are.
func (s *stage) cast(t *testing.T, row *truth, fates map[string]string) {
	t.Helper()
	people := map[string]*actor{}
	for clause := range strings.SplitSeq(row.people, ", ") {
		if clause == "" {
			continue
		}
		p, err := readActor(clause)
		if err != nil {
			t.Fatal(err)
		}
		people[p.name] = p
		for _, name := range []string{p.name, p.is, p.talks} {
			if deviceName.MatchString(name) && (name == p.name || fates[name] == "") {
				fates[name] = cmp.Or(p.does, fates[name])
			}
		}
	}
	s.people[row] = people
}

// complete adds devices of phones, extensions of devices and what all of them need.
func (s *stage) complete(all world, fates map[string]string) {
	put := func(path string, body Object) {
		for k, v := range all[path] {
			body[k] = v
		}
		all[path] = body
	}
	for name, fate := range fates {
		body := Object{"extension": deviceName.FindStringSubmatch(name)[1]}
		if fate == "dead" {
			body["qualify_seconds"] = 2
		} else if fate == "unseen" {
			body["qualify_seconds"] = 0
		}
		put("devices/"+name, body)
	}
	for path, body := range maps.Clone(all) {
		kind, key, _ := strings.Cut(path, "/")
		switch kind {
		case "devices":
			if e, _ := body["extension"].(string); e != "" && all["extensions/"+e] == nil {
				all["extensions/"+e] = Object{}
			}
			if outside, _ := body["external_number"].(string); outside != "" {
				s.numbers[key] = outside
			}
		case "mailboxes":
			put(path, Object{"name": "Box " + key, "pin": "4711"})
			put("extensions/"+key, Object{"mailbox": key})
		case "forwards":
			put("extensions/"+key, Object{})
		}
	}
	for path := range maps.Clone(all) {
		if kind, key, _ := strings.Cut(path, "/"); kind == "extensions" {
			put(path, Object{"name": "Extension " + key, "ring_seconds": 5})
		}
	}
}

// enter registers the phones, and lets those die that shall.
func (s *stage) enter(t *testing.T, fates map[string]string) {
	t.Helper()
	s.unpack(t, fates)
	for name, fate := range fates {
		if fate == "absent" {
			continue
		}
		p := s.booted(t, name)
		if p == nil {
			p = NewPhone(t, phone.Options{})
			if err := p.Register(Within(t, 30*time.Second), s.accounts[name]); err != nil {
				t.Fatalf("registering %s: %v", name, err)
			}
		}
		switch fate {
		case "dead", "unseen":
			p.PullCable()
		default:
			s.phones[name] = p
		}
	}
	for name, fate := range fates {
		if fate == "dead" {
			s.WaitStatus(t, name, 20*time.Second, "dead", func(s Status) bool { return s.Status == "UNREACHABLE" })
		}
	}
}
