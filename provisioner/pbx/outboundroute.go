package pbx

import (
	"fmt"
	"regexp"
	"slices"
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
