package phoneconf

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/factory"
	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/nyaruka/phonenumbers"
)

// dialsOffHook renders the files of a phone and types numbers on it off hook.
type dialsOffHook struct {
	*factory.Settings
	text   string
	others []*factory.Settings // that dial the same
}

// beside makes a phone of another make dial the same.
func (d *dialsOffHook) beside(t *testing.T, s *pbx.Snapshot, model string) {
	t.Helper()
	m, _ := LookupAny(model)
	d.others = append(d.others, fromTheBox(t, s, polycomOf(m))...)
}

// thinking is between two keys of a person looking each digit up: less than any pause that
// a phone takes for the end.
const thinking = 2500 * time.Millisecond

// factoryEras are those of the simulated phones that have the files of an era.
var factoryEras = map[Era][]factory.Era{YealinkV70: {factory.YealinkV70}, YealinkV80: {factory.YealinkV80, factory.YealinkV87},
	YealinkDECT: {factory.YealinkDECT}, YealinkMulticell: {factory.YealinkDECT}, PolycomSIP3: {factory.PolycomSIP3},
	PolycomUCS4: {factory.PolycomUCS4}, PolycomUCS: {factory.PolycomUCS5}}

// fromTheBox are simulated phones out of their boxes that have read the files of a phone.
func fromTheBox(t *testing.T, s *pbx.Snapshot, p *pbx.Phone) (out []*factory.Settings) {
	t.Helper()
	m, _ := Lookup(p.Vendor, p.Model)
	for _, era := range factoryEras[m.Era] {
		out = append(out, factory.New(era, &phone.Config{Vendor: era.Vendor(), Values: filesOf(t, s, p)}))
	}
	return out
}

func offHook(t *testing.T, s *pbx.Snapshot, p *pbx.Phone) dialsOffHook {
	t.Helper()
	got := filesOf(t, s, p)
	text := got["dialplan.digitmap"]
	if _, err := factory.NewDigitMap(text, "3", 2); err != nil {
		t.Fatalf("%s: %v", p.Model, err)
	}
	if n := strings.Count(text, "|") + 1; len(text) > 512 || n > 20 {
		t.Fatalf("%s: a map of %d bytes and %d patterns, more than the first software reads: %s", p.Model, len(text), n, text)
	}
	want(t, got, map[string]string{"dialplan.digitmap.timeOut": "3", "dialplan.impossibleMatchHandling": "2"})
	return dialsOffHook{fromTheBox(t, s, p)[0], text, nil}
}

// filesOf reads all parameters of a phone's files with the test's own readers.
func filesOf(t *testing.T, s *pbx.Snapshot, p *pbx.Phone) map[string]string {
	t.Helper()
	return filesAt(t, s, p, testSite)
}

// filesAt is filesOf at another site.
func filesAt(t *testing.T, s *pbx.Snapshot, p *pbx.Phone, site Site) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range Files(s, p) {
		b, _, err := Render(engine, s, p, site, name)
		if err != nil {
			t.Fatalf("%s: %v", p.Model, err)
		}
		values, err := readFile(name, b)
		if err != nil {
			t.Fatalf("%s: %s: %v", p.Model, name, err)
		}
		maps.Copy(out, values)
	}
	return out
}

func (d dialsOffHook) whole(t *testing.T, what, number string) factory.Sent {
	t.Helper()
	sent := d.OffHook(number, thinking)
	if sent.Number != number || sent.Left != "" {
		t.Errorf("%s %s goes out as %q by %s", what, number, sent.Number, d.text)
	}
	for _, o := range d.others {
		if sent := o.OffHook(number, thinking); sent.Number != number || sent.Left != "" {
			t.Errorf("%s %s goes out as %q on %s", what, number, sent.Number, o.Era())
		}
	}
	return sent
}

// dialled lists whatever is dialled in a tenant, by what it is.
func dialled(s *pbx.Snapshot, tenant string) map[string][]string {
	out := map[string][]string{"emergency": s.EmergencyNumbersOf(tenant)}
	codes := s.CodesOf(tenant)
	for _, f := range pbx.Features {
		code := codes.Codes[f.Feature]
		if code == "" || f.Feature == pbx.FeatureRecord {
			continue
		}
		out["code"] = append(out["code"], code)
		if f.Takes {
			for _, e := range s.Extensions {
				if strings.Trim(e.Number, "0123456789") == "" {
					out["code"] = append(out["code"], code+e.Number)
				}
			}
			out["code"] = append(out["code"], code+"0301234567")
		}
	}
	for _, e := range s.Extensions {
		if strings.Trim(e.Number, "0123456789") == "" {
			out["extension"] = append(out["extension"], e.Number)
		}
	}
	for _, g := range s.RingGroups {
		out["group"] = append(out["group"], g.Number)
	}
	for _, e := range s.ExternalNumbers {
		if e.Number[0] != '+' {
			out["external"] = append(out["external"], e.Number)
		}
	}
	first, last := codes.Slots()
	for n := first; n > 0 && n <= last; n++ {
		out["slot"] = append(out["slot"], fmt.Sprint(n))
	}
	return out
}

func diallingTenant(country string, numbers ...string) pbx.Rows {
	r := pbx.Rows{Tenants: []*pbx.Tenant{{Name: "default", Title: "Example", Timezone: "UTC", Country: country,
		PhonePassword: pbx.NewSecret("Phone4Password")}},
		Devices: []*pbx.Device{{Tenant: "default", Name: "x", Endpoint: "dx", Secret: pbx.NewSecret("secret")}}}
	for _, n := range numbers {
		r.Extensions = append(r.Extensions, &pbx.Extension{Tenant: "default", Number: n, Name: "N" + n})
	}
	return r
}

func polycomOf(m Model) *pbx.Phone {
	return &pbx.Phone{Tenant: "default", MAC: "0004f2000001", Vendor: m.Vendor, Model: m.Name,
		URLSecret: pbx.NewSecret("abc"), Lines: []pbx.Line{{Registration: 1, Device: "x"}}}
}

// On every Polycom each extension, group, slot, code and emergency number comes out
// whole when it is typed off hook digit by digit.
func TestEveryPolycomDialsWhole(t *testing.T) {
	r := diallingTenant("DE", "101", "102", "11", "1120", "2001", "61234", "900001", "zoe")
	r.RingGroups = []*pbx.RingGroup{{Tenant: "default", Name: "sales", Number: "400"}}
	r.ExternalNumbers = []*pbx.ExternalNumber{{Tenant: "default", Number: "+4930123"}, {Tenant: "default", Number: "030123456"}}
	s := pbx.NewSnapshot(1, r)
	tried := 0
	for _, m := range Models() {
		if m.Vendor != pbx.Polycom {
			continue
		}
		d := offHook(t, s, polycomOf(m))
		for what, numbers := range dialled(s, "default") {
			for _, number := range numbers {
				d.whole(t, m.Name+": "+what, number)
				tried++
			}
		}
	}
	if tried < 59*80 {
		t.Errorf("only %d numbers were dialled", tried)
	}
}

// A usual office: what begins nothing else leaves with its last digit.
func TestDialledAtOnce(t *testing.T) {
	r := diallingTenant("DE", "101", "102", "203", "4001")
	s := pbx.NewSnapshot(1, r)
	m, _ := LookupAny("VVX450")
	d := offHook(t, s, polycomOf(m))
	for _, number := range []string{"112", "110", "101", "199", "203", "4001", "705", "**101", "**4001", "*50203", "*97",
		"*8", "*73", "*11", "*43"} {
		if sent := d.whole(t, "number", number); sent.After > 0 {
			t.Errorf("%s waits for a pause by %s", number, d.text)
		}
	}
	for _, number := range []string{"0301234567", "004312345", "*72101", "*78", "*78101", "6001", "11"} {
		if sent := d.whole(t, "number", number); sent.After == 0 {
			t.Errorf("%s leaves at once by %s", number, d.text)
		}
	}
	want(t, filesOf(t, s, polycomOf(m)), map[string]string{"dialplan.routing.emergency.1.value": "110",
		"dialplan.routing.emergency.2.value": "112", "dialplan.removeEndOfDial": "1"})
}

// In every country, with extensions of every beginning: example numbers of every kind
// as libphonenumber writes them there, and emergency numbers, come out whole.
func TestNoCountryDialsInPart(t *testing.T) {
	kinds := []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE,
		phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.VOIP, phonenumbers.UAN, phonenumbers.PAGER}
	soon, tried := 0, 0
	for n, iso := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) {
		m, _ := LookupAny([]string{"VVX250", "SPIP430", "SPIP650"}[n%3]) // of each era one
		if pbx.CheckCountry("", iso) != nil {
			continue
		}
		r := diallingTenant(iso)
		for d := range 9 {
			for _, n := range []int{10, 1, 23} {
				number := fmt.Sprintf("%d%0*d", d+1, 1+d%4, n)
				if pbx.CheckNoEmergency("", number, []string{iso}) == nil {
					r.Extensions = append(r.Extensions, &pbx.Extension{Tenant: "default", Number: number})
				}
			}
		}
		r.Extensions = slices.CompactFunc(r.Extensions, func(a, b *pbx.Extension) bool { return a.Number == b.Number })
		s := pbx.NewSnapshot(1, r)
		d := offHook(t, s, polycomOf(m))
		d.beside(t, s, []string{"T46U", "T28P", "W75B"}[n%3])
		for what, numbers := range dialled(s, "default") {
			for _, number := range numbers {
				sent := d.whole(t, iso+": "+what, number)
				if what == "emergency" && sent.After == 0 {
					soon++
				}
			}
		}
		for _, kind := range kinds {
			n := phonenumbers.GetExampleNumberForType(iso, kind)
			if n == nil {
				continue
			}
			for _, text := range []string{phonenumbers.FormatInOriginalFormat(n, iso),
				phonenumbers.Format(n, phonenumbers.NATIONAL), phonenumbers.FormatOutOfCountryCallingNumber(n, iso)} {
				if _, leaves := pbx.ReadDialled(iso, text); leaves {
					d.whole(t, iso+": outside", pbx.PlainNumber(text))
					tried++
				}
			}
			if other := phonenumbers.FormatOutOfCountryCallingNumber(phonenumbers.GetExampleNumber(map[bool]string{true: "FR",
				false: "US"}[iso == "US"]), iso); other != "" {
				if digits := pbx.PlainNumber(other); strings.Trim(digits, "0123456789") == "" { // some prefixes are lists
					d.whole(t, iso+": abroad", digits)
				}
			}
		}
	}
	if tried < 2000 || soon < 150 {
		t.Errorf("%d outside numbers were dialled; %d emergency numbers leave at once", tried, soon)
	}
}

// Whatever codes and numbers a tenant has that are allowed beside each other, each
// comes out whole.
func TestAnyTenantDialsWhole(t *testing.T) {
	m, _ := LookupAny("SPIP650")
	random := rand.New(rand.NewPCG(12, 1))
	for range 150 {
		iso := []string{"DE", "US", "ES", "AU", "FR", "GB", "", "IT"}[random.IntN(8)]
		codes := pbx.DefaultFeatureCodes("default")
		for range 6 {
			f := pbx.Features[random.IntN(len(pbx.Features))].Feature
			was := codes.Codes[f]
			code := ""
			for range random.IntN(4) {
				code += string("0123456789*#"[random.IntN(12)])
			}
			if codes.Codes[f] = code; codes.Validate() != nil {
				codes.Codes[f] = was
			}
		}
		r := diallingTenant(iso)
		for range random.IntN(40) {
			number := fmt.Sprint(1 + random.IntN([]int{99, 999, 9999, 99999, 999999}[random.IntN(5)]))
			taken := slices.ContainsFunc(r.Extensions, func(e *pbx.Extension) bool { return e.Number == number })
			if !taken && codes.CheckFree("", number) == nil && pbx.CheckNoEmergency("", number, []string{iso}) == nil {
				r.Extensions = append(r.Extensions, &pbx.Extension{Tenant: "default", Number: number})
			}
		}
		r.FeatureCodes = []*pbx.FeatureCodes{codes}
		s := pbx.NewSnapshot(1, r)
		d := offHook(t, s, polycomOf(m))
		for what, numbers := range dialled(s, "default") {
			for _, number := range numbers {
				d.whole(t, what, number)
			}
		}
	}
}
