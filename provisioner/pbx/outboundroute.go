package pbx

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"
)

// OutboundRoute says by which trunks calls to some numbers leave, or ends them. Of the routes
// that fit a number those with the most exact entry count, see exactness; of these the one with
// the lowest priority comes first, and the trunks of the next follow. A number that no route
// fits leaves by all trunks of its tenant. No route is asked about calls for help, nor about
// numbers of Teams.
type OutboundRoute struct {
	Tenant      string
	Name        string       // key within the tenant
	Description string       // for people, at most 100 characters; may be empty
	Match       []string     // prefixes in E.164 (+4989) and words of classes of service; sorted
	Priority    int          // 0–100; lower ones come first, and by name where equal
	Trunks      []RouteTrunk // tried in this order, but for weights; none with Block
	Block       string       // says to the record why such calls are refused; "" lets them leave
	// CallerID are the words of CallerIDs, best first: the first that there is a number for is
	// shown. Empty is number, trunk, extension.
	CallerID []string
	Version  int64
	Revision int64
}

// RouteTrunk is a trunk of a route, and how its carrier wants numbers.
type RouteTrunk struct {
	Trunk  string       `json:"trunk"`            // its name
	Prefix string       `json:"prefix,omitempty"` // digits put before every number, in place of a +
	Format NumberFormat `json:"format,omitempty"` // "" is FormatPlus
	// Weight is the share of calls that try it first, 1–100; 0 has it tried after those with one.
	Weight int `json:"weight,omitempty"`
}

// NumberFormat is how a number in E.164 is written to a carrier.
type NumberFormat string

// The formats, in the country of the tenant.
const (
	FormatPlus          NumberFormat = "+e164"         // +493012345
	FormatDigits        NumberFormat = "e164"          // 493012345
	FormatInternational NumberFormat = "international" // 00493012345
	FormatNational      NumberFormat = "national"      // 03012345; international for other countries
)

var numberFormats = []NumberFormat{FormatPlus, FormatDigits, FormatInternational, FormatNational}

// What a carrier is shown as the caller's number.
const (
	CallerOfNumber    = "number"    // the presentation number of the extension
	CallerOfTrunk     = "trunk"     // the trunk's caller number
	CallerOfExtension = "extension" // the number of the extension itself
)

// CallerIDs are all of them, in the order that counts where a route says nothing.
var CallerIDs = []string{CallerOfNumber, CallerOfTrunk, CallerOfExtension}

// DefaultRoutePriority leaves room before and behind.
const DefaultRoutePriority = 50

const (
	maxRouteTrunks = 20
	maxBlock       = 200 // characters
)

var routePrefixPattern = regexp.MustCompile(`^[0-9]{1,8}$`)

// Validate returns all broken rules.
func (o *OutboundRoute) Validate() error {
	var es Errors
	es.Add(CheckName("name", o.Name))
	es.Add(CheckText("description", o.Description, 0, 100, 0))
	es.Add(CheckRange("priority", o.Priority, 0, 100, ""))
	o.checkMatch(&es)
	o.checkTrunks(&es)
	for i, word := range o.CallerID {
		at := fmt.Sprintf("caller_id[%d]", i)
		switch {
		case !slices.Contains(CallerIDs, word):
			es.Add(Invalidf(at, "%s is not one of number, trunk, extension", quote(word)))
		case slices.Contains(o.CallerID[:i], word):
			es.Add(Invalidf(at, "%s is named twice", quote(word)))
		}
	}
	return es.Err()
}

func (o *OutboundRoute) checkMatch(es *Errors) {
	switch n := len(o.Match); {
	case n == 0:
		es.Add(Invalidf("match", "is required: prefixes such as +4989, or any"))
	case n > maxEntries:
		es.Add(Invalidf("match", "has %d entries, at most %d are allowed", n, maxEntries))
		return
	}
	for i, e := range o.Match {
		at := fmt.Sprintf("match[%d]", i)
		switch {
		case slices.Contains(o.Match[:i], e):
			es.Add(Invalidf(at, "%s is named twice", quote(e)))
		case e == "emergency":
			es.Add(Refusedf(at, "no route is asked about emergency numbers: every trunk is tried"))
		case e == CallAny, e == CallNational, e == CallInternational, e == CallPremium, e == CallSharedCost,
			prefixPattern.MatchString(e):
		default:
			es.Add(Invalidf(at, "%s is neither a prefix such as +4989 nor one of national, international, premium, "+
				"shared-cost, any", quote(e)))
		}
	}
}

func (o *OutboundRoute) checkTrunks(es *Errors) {
	es.Add(CheckText("block", o.Block, 0, maxBlock, 0))
	switch n := len(o.Trunks); {
	case n == 0 && o.Block == "":
		es.Add(Invalidf("trunks", "is required where block does not say why such calls are refused"))
	case n > 0 && o.Block != "":
		es.Add(Invalidf("block", "must not be given with trunks: it refuses all calls"))
	case n > maxRouteTrunks:
		es.Add(Invalidf("trunks", "has %d entries, at most %d are allowed", n, maxRouteTrunks))
		return
	}
	for i, t := range o.Trunks {
		at := fmt.Sprintf("trunks[%d].", i)
		es.Add(CheckName(at+"trunk", t.Trunk))
		if slices.ContainsFunc(o.Trunks[:i], func(other RouteTrunk) bool { return other.Trunk == t.Trunk }) {
			es.Add(Invalidf(at+"trunk", "%s is named twice", quote(t.Trunk)))
		}
		if t.Prefix != "" && !routePrefixPattern.MatchString(t.Prefix) {
			es.Add(Invalidf(at+"prefix", "%s is no prefix: use 1 to 8 digits", quote(t.Prefix)))
		}
		if t.Format != "" && !slices.Contains(numberFormats, t.Format) {
			es.Add(Invalidf(at+"format", "%s is not one of +e164, e164, international, national", quote(string(t.Format))))
		}
		es.Add(CheckRange(at+"weight", t.Weight, 0, 100, "shares"))
	}
}

// exactness says how exactly a route fits a number, and whether it does: by the length of a
// prefix, then premium and shared-cost, national and international, and any.
func (o *OutboundRoute) exactness(n Reading) (best int, fits bool) {
	for _, entry := range o.Match {
		is, priced := 0, entry == CallPremium || entry == CallSharedCost
		switch {
		case priced && entry != string(n.Kind), !priced && !n.fits(entry):
			continue
		case priced:
			is = 1 // less than any prefix has
		default:
			is = weight(entry)
		}
		if !fits || is > best {
			best, fits = is, true
		}
	}
	return best, fits
}

// routesFor are the routes that count for a number, in order. routes are those of a tenant,
// in order.
func routesFor(routes []*OutboundRoute, n Reading) (out []*OutboundRoute) {
	best := 0
	for _, o := range routes {
		is, fits := o.exactness(n)
		switch {
		case !fits || len(out) > 0 && is < best:
			continue
		case len(out) > 0 && is > best:
			out = nil
		}
		out, best = append(out, o), is
	}
	return out
}

func (s *Snapshot) indexRoutes() {
	byKey(s.Routes, func(o *OutboundRoute) key { return key{o.Tenant, o.Name} })
	s.routes = make(map[string][]*OutboundRoute)
	for _, o := range s.Routes {
		s.routes[o.Tenant] = append(s.routes[o.Tenant], o)
	}
	for _, of := range s.routes {
		slices.SortStableFunc(of, func(a, b *OutboundRoute) int { return cmp.Compare(a.Priority, b.Priority) })
	}
}

// outlet is a trunk by which a call may leave, and how its route has it leave.
type outlet struct {
	trunk *Trunk
	route *OutboundRoute // nil where no route fits the number
	as    RouteTrunk     // of route
	iso   string         // country of the tenant
}

// outlets are the ways out to a number of a type, in the order in which they are tried: the
// one place that knows routes. now is when chance is asked about weights; at the zero time the
// heaviest comes first. routed are the routes that count for the number.
func (s *Snapshot) outlets(tenant string, by NumberType, n Reading, now time.Time) (out []outlet, routed []*OutboundRoute) {
	trunks := s.TrunksFor(tenant, by)
	if by == NumberSIP {
		routed = routesFor(s.routes[tenant], n)
	}
	if len(routed) == 0 {
		return plainOutlets(trunks), nil
	}
	iso := ""
	if t := s.Tenant(tenant); t != nil {
		iso = t.Country
	}
	for _, o := range routed {
		if o.Block != "" { // those behind it are not reached
			break
		}
		for _, as := range o.order(now) {
			i := slices.IndexFunc(trunks, func(t *Trunk) bool { return t.Name == as.Trunk })
			if i < 0 || slices.ContainsFunc(out, func(had outlet) bool { return had.trunk == trunks[i] }) {
				continue
			}
			out = append(out, outlet{trunks[i], o, as, iso})
		}
	}
	return out, routed
}

// plainOutlets are trunks without a route.
func plainOutlets(trunks []*Trunk) []outlet {
	out := make([]outlet, len(trunks))
	for i, t := range trunks {
		out[i].trunk = t
	}
	return out
}

// order are the trunks of a route in the order in which a call at a time tries them.
func (o *OutboundRoute) order(now time.Time) []RouteTrunk {
	if !slices.ContainsFunc(o.Trunks, func(t RouteTrunk) bool { return t.Weight > 0 }) {
		return o.Trunks
	}
	out := slices.Clone(o.Trunks)
	slices.SortStableFunc(out, func(a, b RouteTrunk) int { return cmp.Compare(b.Weight, a.Weight) })
	if now.IsZero() {
		return out
	}
	weighted := out
	if i := slices.IndexFunc(out, func(t RouteTrunk) bool { return t.Weight == 0 }); i >= 0 {
		weighted = out[:i]
	}
	shuffle(weighted, func(t RouteTrunk) int { return t.Weight },
		rand.New(rand.NewPCG(uint64(now.UnixNano()), hashOf(o.Tenant, o.Name))))
	return out
}

// sends is what the carrier is asked for to reach a number. Behind a prefix there is no +.
func (o outlet) sends(number string) string {
	if o.route == nil {
		return number
	}
	out := writeNumber(o.iso, number, o.as.Format)
	if o.as.Prefix != "" {
		out = o.as.Prefix + strings.TrimPrefix(out, "+")
	}
	return out
}

// shows is the number that the carrier is shown for a call that an extension answers for; ""
// is the caller's own.
func (o outlet) shows(e *Extension) string {
	words := CallerIDs
	if o.route != nil && len(o.route.CallerID) > 0 {
		words = o.route.CallerID
	} else if n := presentationOf(e, o.trunk); n != "" || o.route == nil {
		return n
	}
	for _, word := range words {
		switch {
		case word == CallerOfNumber && e.PresentationNumber != "":
			return e.PresentationNumber
		case word == CallerOfTrunk && o.trunk.CallerNumber != "":
			return o.trunk.CallerNumber
		case word == CallerOfExtension && externalPattern.MatchString(e.Number):
			return e.Number
		}
	}
	return ""
}

// by names the route in a rule.
func (o outlet) by() string {
	if o.route == nil {
		return ""
	}
	return " by route " + o.route.Name
}

// writeNumber writes a number in E.164 as carriers of a country may want it. All else, such as
// a short number, stays.
func writeNumber(iso, number string, f NumberFormat) string {
	if !e164Pattern.MatchString(number) {
		return number
	}
	digits, exit := number[1:], "00"
	byName, _ := countries()
	c := byName[iso]
	if c != nil && c.exit != "" {
		exit = c.exit
	}
	switch f {
	case FormatDigits:
		return digits
	case FormatNational:
		if c != nil && c.has(digits) {
			return c.trunk + digits[len(c.code):]
		}
		return exit + digits
	case FormatInternational:
		return exit + digits
	}
	return number
}

// CalledBy is the number that a carrier was asked for in some form by a trunk, as it was
// called: in E.164, or as an external number or short number is written.
func (s *Snapshot) CalledBy(endpoint, sent string) string {
	t := s.TrunkOf(endpoint)
	if t == nil || len(s.routes[t.Tenant]) == 0 {
		return sent
	}
	iso := ""
	if tenant := s.Tenant(t.Tenant); tenant != nil {
		iso = tenant.Country
	}
	for _, o := range s.routes[t.Tenant] {
		for _, as := range o.Trunks {
			if as.Trunk != t.Name || len(sent) <= len(as.Prefix) || sent[:len(as.Prefix)] != as.Prefix {
				continue
			}
			rest := sent[len(as.Prefix):]
			candidates := []string{rest, "+" + rest}
			if n, ok := ReadDialled(iso, rest); ok {
				candidates = append(candidates, n.Number)
			}
			for _, number := range slices.Backward(candidates) {
				if (outlet{t, o, as, iso}).sends(number) == sent && s.routesTo(o, number) {
					return number
				}
			}
		}
	}
	return sent
}

// routesTo reports whether a route counts for a number.
func (s *Snapshot) routesTo(o *OutboundRoute, number string) bool {
	iso := s.CountryOf(&Extension{Tenant: o.Tenant})
	n, _ := ReadDialled(iso, number)
	return slices.Contains(routesFor(s.routes[o.Tenant], n), o)
}
