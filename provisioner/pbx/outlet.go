package pbx

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// outlet is a trunk by which a call may leave, and how its route has it leave.
type outlet struct {
	trunk *Trunk
	route *OutboundRoute // nil where no route fits the number
	as    *RouteTrunk    // of route
	iso   string         // country of the tenant
}

// outlets are the ways out to a number of a type, in the order in which they are tried: the
// one place that knows routes. now is when chance is asked about weights; at the zero time the
// heaviest comes first. routed are the routes that count for the number.
func (s *Snapshot) outlets(tenant string, by NumberType, n Reading, now time.Time) (out []outlet, routed []*OutboundRoute) {
	trunks := s.TrunksFor(tenant, by)
	if by == NumberSIP {
		routed = s.routes[tenant].find(n)
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
		order := o.order(now)
		for j := range order {
			as := &order[j]
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

// dials begins the rule of a step that dials a number.
func (o outlet) dials(owner *Extension, number string) string {
	return owner.holder() + " dials " + number + " through trunk " + o.trunk.Name + o.by()
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
	if t == nil || s.routes[t.Tenant] == nil {
		return sent
	}
	iso := ""
	if tenant := s.Tenant(t.Tenant); tenant != nil {
		iso = tenant.Country
	}
	for _, o := range s.routesOf(t.Tenant) {
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
				if (outlet{t, o, &as, iso}).sends(number) == sent && s.routesTo(o, number) {
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
	return slices.Contains(s.routes[o.Tenant].find(n), o)
}
