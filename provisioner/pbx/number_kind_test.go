package pbx

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// TestKindsAsLibphonenumber asks the library for the type of whole numbers: its own
// examples, and random ones. The table is made from its patterns.
func TestKindsAsLibphonenumber(t *testing.T) {
	want := map[phonenumbers.PhoneNumberType]NumberKind{phonenumbers.PREMIUM_RATE: KindPremium, phonenumbers.SHARED_COST: KindSharedCost}
	types := []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE,
		phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.VOIP, phonenumbers.UAN}
	r, asked := rand.New(rand.NewPCG(1, 2)), map[NumberKind]int{}
	check := func(iso string, n *phonenumbers.PhoneNumber) {
		digits := strings.TrimPrefix(phonenumbers.Format(n, phonenumbers.E164), "+")
		if phonenumbers.GetRegionCodeForNumber(n) != iso || !phonenumbers.IsValidNumber(n) || isHelpAbroad(digits) {
			return
		}
		kind := want[phonenumbers.GetNumberType(n)]
		asked[kind]++
		if got := kindOf(digits); got != kind {
			t.Errorf("%s: +%s is %q, want %q", iso, digits, got, kind)
		}
	}
	for iso := range phonenumbers.GetSupportedRegions() {
		for _, typ := range types {
			n := phonenumbers.GetExampleNumberForType(iso, typ)
			if n == nil {
				continue
			}
			check(iso, n)
			national := phonenumbers.GetNationalSignificantNumber(n)
			for range 40 { // the same beginning, and other digits behind it
				keep := 2 + r.IntN(max(1, len(national)-3))
				text := fmt.Sprintf("+%d%s", n.GetCountryCode(), national[:min(keep, len(national))])
				for len(text) < len(national)+1+len(fmt.Sprint(n.GetCountryCode())) {
					text += fmt.Sprint(r.IntN(10))
				}
				if other, err := phonenumbers.Parse(text, iso); err == nil {
					check(iso, other)
				}
			}
		}
	}
	if asked[KindPremium] < 1000 || asked[KindSharedCost] < 500 || asked[KindOrdinary] < 10000 {
		t.Errorf("only %v numbers were asked for", asked)
	}
}

// TestKindsByHand are from the countries' own numbering plans. Numbers that are too long or
// too short for the library cost as much where a carrier takes them.
func TestKindsByHand(t *testing.T) {
	for number, want := range map[string]NumberKind{
		"+499001234567": KindPremium, "+49900123": KindPremium, "+4990012345678901": KindPremium, "+491375000000": KindSharedCost, "+49180123456": KindSharedCost,
		"+4930123456": KindOrdinary, "+491701234567": KindOrdinary, "+49170123456": KindOrdinary, "+498001234567": KindOrdinary, "+19005551234": KindPremium, "+12125551234": KindOrdinary,
		"+18005551234": KindOrdinary, "+18765551234": KindOrdinary, "+449011234567": KindPremium, "+448712345678": KindPremium, "+442079460000": KindOrdinary, "+41901123456": KindPremium,
		"+41840123456": KindSharedCost, "+43900123456": KindPremium, "+33891123456": KindPremium, "+390635511": KindOrdinary, "+80012345678": KindTollFree, "+979123456789": KindPremium, "+80812345678": KindSharedCost,
	} {
		if got := kindOf(number[1:]); got != want {
			t.Errorf("%s is %q, want %q", number, got, want)
		}
	}
}

// TestShortNumbers are from the countries' own authorities.
func TestShortNumbers(t *testing.T) {
	for iso, numbers := range map[string]string{
		"DE": "116117 116000 116111 116116 115 11833 118000", "US": "988 211 311 411 511 611 711 811", "CA": "988 211 811", "GB": "111 101 105 116123 100 123", "FR": "3919 115 119 3114 116000",
		"IT": "1530 114 1522", "ES": "061 062 091 016 092", "CH": "1414 145 143 147", "AT": "141 142 147", "NL": "113 144 116123", "CN": "95588 10086",
	} {
		for s := range strings.FieldsSeq(numbers) {
			r, ok := ReadDialled(iso, s)
			if !ok || r.Emergency || r.Number != s || !r.National || r.Kind != KindOrdinary || !outwardPattern.MatchString(r.Number) {
				t.Errorf("%s %s is read as %+v, %v", iso, s, r, ok)
			}
			if allowed, why := standardClass.decide(r); !allowed {
				t.Errorf("%s %s may not be called: %s", iso, s, why)
			}
		}
	}
	for iso, numbers := range map[string]string{ // extensions, text messages, other countries' numbers
		"DE": "101 988 1234 22044 700464 111", "US": "2345 40404 560560 116117 115 222", "GB": "2345 80000 211", "": "116117 988 111", "FR": "101 4567",
	} {
		for s := range strings.FieldsSeq(numbers) {
			if r, ok := ReadDialled(iso, s); ok {
				t.Errorf("%s %s is read as %+v", iso, s, r)
			}
		}
	}
	if r, ok := ReadDialled("FR", "3980"); !ok || r.Kind != KindPremium {
		t.Errorf("FR 3980 is read as %+v, %v", r, ok)
	}
}

// TestShortNumbersAsLibphonenumber asks the library for every number of three digits.
func TestShortNumbersAsLibphonenumber(t *testing.T) {
	byName, _ := countries()
	asked := 0
	for iso := range byName {
		code := int32(phonenumbers.GetCountryCodeForRegion(iso))
		for n := range 1000 {
			s := fmt.Sprintf("%03d", n)
			number := &phonenumbers.PhoneNumber{CountryCode: &code}
			number.NationalNumber = new(uint64)
			*number.NationalNumber = uint64(n)
			if zero := s[0] == '0'; zero {
				number.ItalianLeadingZero = &zero
				zeros := int32(len(s) - max(1, len(strings.TrimLeft(s, "0"))))
				number.NumberOfLeadingZeros = &zeros
			}
			want := phonenumbers.IsValidShortNumberForRegion(number, iso)
			_, got := byName[iso].readShort(s)
			if beside := shortBeside[iso].known; got != want && !(got && matches(whole(beside), s)) {
				t.Errorf("%s %s: short is %v, want %v", iso, s, got, want)
			}
			if want {
				asked++
			}
		}
	}
	if asked < 2000 {
		t.Errorf("only %d short numbers", asked)
	}
}
