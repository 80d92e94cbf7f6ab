package pbx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

// TestReadDialled reads what people dial in each country; "" is refused.
func TestReadDialled(t *testing.T) {
	for _, tt := range []struct{ country, dialled, want string }{
		{"DE", "030 2345", "+49302345 national"}, {"DE", "0301234567", "+49301234567 national"}, {"DE", "004915112345678", "+4915112345678 national"},
		{"DE", "+4915112345678", "+4915112345678 national"}, {"DE", "0044 20", ""}, {"DE", "00442071838750", "+442071838750"},
		{"DE", "1234567", ""}, {"DE", "112", "112 emergency"}, {"DE", "110", "110 emergency"}, {"DE", "911", ""}, {"DE", "00999123456789", ""},
		{"US", "2125551234", "+12125551234 national"}, {"US", "12125551234", "+12125551234 national"}, {"US", "5551234", ""}, {"US", "911", "911 emergency"},
		{"US", "011493012345678", "+493012345678"}, {"US", "18765551234", "+18765551234"}, {"US", "16135551234", "+16135551234 national"}, {"US", "00493012345678", ""},
		{"JM", "8765551234", "+18765551234 national"}, {"CA", "6135551234", "+16135551234 national"},
		{"GB", "02071838750", "+442071838750 national"}, {"GB", "71838750", ""}, {"GB", "999", "999 emergency"}, {"GB", "00493012345678", "+493012345678"},
		{"GB", "07781123456", "+447781123456 national"}, // Guernsey: only a list tells it apart
		{"FR", "0142685300", "+33142685300 national"}, {"FR", "142685300", ""}, {"FR", "15", "15 emergency"}, {"FR", "0012125551234", "+12125551234"},
		{"IN", "9876543210", "+919876543210 national"}, {"IN", "09876543210", "+919876543210 national"}, {"IN", "02224931234", "+912224931234 national"}, {"IN", "108", "108 emergency"},
		{"AU", "0262345678", "+61262345678 national"}, {"AU", "1300123456", "+611300123456 national"}, {"AU", "62345678", ""}, {"AU", "000", "000 emergency"},
		{"AU", "00114930123456", "+4930123456"}, {"AU", "0412345678", "+61412345678 national"},
		{"BR", "01511961234567", "+5511961234567 national"}, {"BR", "011961234567", "+5511961234567 national"}, {"BR", "11961234567", "+5511961234567 national"}, {"BR", "0015493012345678", "+493012345678"}, {"BR", "190", "190 emergency"},
		{"CH", "0446681800", "+41446681800 national"}, {"CH", "446681800", ""}, {"CH", "144", "144 emergency"},
		{"IT", "0612345678", "+390612345678 national"}, {"ES", "912345678", "+34912345678 national"}, {"RU", "84951234567", "+74951234567 national"}, {"RU", "77012345678", ""},
		{"DE", "+490900123456", "+49900123456 national"}, {"DE", "00490900123456", "+49900123456 national"}, {"DE", "+4900900123456", "+49900123456 national"},
		{"GB", "+4402079460000", "+442079460000 national"}, {"DE", "+330123456789", "+33123456789"}, {"DE", "+390612345678", "+390612345678"}, {"US", "+112125551234", "+12125551234 national"},
		{"RU", "+78001234567", "+78001234567 national"}, {"DE", "+49112", ""}, {"US", "01149110", ""},
		{"DE", "+49-30-12345678", "+493012345678 national"}, {"DE", "030/12345678", "+493012345678 national"}, {"DE", "+49(0)3012345678", "+493012345678 national"},
		{"DE", "tel:+49-30.12345678", "+493012345678 national"}, {"DE", "+49 (0) 30 12345678", "+493012345678 national"}, {"DE", "1-1-2", "112 emergency"}, {"US", "(212) 555-1234", "+12125551234 national"},
		{"", "+493012345678", "+493012345678"}, {"", "03012345678", ""}, {"", "112", "112 emergency"},
	} {
		r, ok := ReadDialled(tt.country, tt.dialled)
		got := r.Number
		if r.National {
			got += " national"
		}
		if r.Emergency {
			got += " emergency"
		}
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s %q is read as %q, want %q", tt.country, tt.dialled, got, tt.want)
		}
	}
}

// TestReadDialledHostile: nothing that means more than a number is read.
func TestReadDialledHostile(t *testing.T) {
	for _, s := range []string{"", "+", "0", "++493012345678", "0049+3012345678", "tel:", "tel:x", "+-.", "+49 30 12x456",
		"+4930123456&PJSIP/x", "+4930123456,20,g", "030123456;user=phone", "030123456@evil",
		"0301234${EXTEN}", "\x0003012345678", "٠٣٠١٢٣٤٥٦٧", "+1", "+0123456789", "+9991234567", "*4930123456", "#31#030123456", "alice", strings.Repeat("0", 400), "+" + strings.Repeat("4", 400)} {
		for _, c := range []string{"DE", "US", "IN", "BR", "", "XX"} {
			if r, ok := ReadDialled(c, s); ok {
				t.Errorf("%s %q is read as %+v", c, s, r)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9+*#]{0,30}`)).Draw(t, "dialled")
		r, ok := ReadDialled(rapid.SampledFrom([]string{"DE", "US", "AU", "BR", "IT", "AR", "JP", ""}).Draw(t, "country"), s)
		if ok && !outwardPattern.MatchString(r.Number) {
			t.Fatalf("%q is read as %q", s, r.Number)
		}
	})
}

// TestReadDialledAsLibphonenumber reads an example of every type of number in
// every country, dialled within it and from abroad.
func TestReadDialledAsLibphonenumber(t *testing.T) {
	byName, _ := countries()
	read := 0
	for iso, c := range byName {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			n := phonenumbers.GetExampleNumberForType(iso, kind)
			if n == nil {
				continue
			}
			want := phonenumbers.Format(n, phonenumbers.E164)
			within := phonenumbers.NormalizeDigitsOnly(phonenumbers.Format(n, phonenumbers.NATIONAL))
			for _, dialled := range []string{want, within} {
				if dialled == "16412345" || dialled == "630123456" {
					continue // pagers and voice over IP for which the library has no way of writing
				}
				if again, err := phonenumbers.Parse(dialled, iso); err != nil || phonenumbers.Format(again, phonenumbers.E164) != want {
					continue // not even the library reads it
				}
				if r, ok := ReadDialled(iso, dialled); !ok || r.Number != want || !r.National && c.main {
					t.Errorf("%s (+%s) type %d: %s is read as %+v, %v, want %s", iso, c.code, kind, dialled, r, ok, want)
				}
				read++
			}
			prefixed := "+" + c.code + c.trunk + want[1+len(c.code):]
			if again, err := phonenumbers.Parse(prefixed, iso); err == nil &&
				phonenumbers.Format(again, phonenumbers.E164) == want && phonenumbers.IsValidNumber(again) {
				if r, ok := ReadDialled(iso, prefixed); !ok || r.Number != want {
					t.Errorf("%s type %d: %s is read as %+v, %v, want %s", iso, kind, prefixed, r, ok, want)
				}
			}
			if r, ok := ReadDialled("US", "011"+want[1:]); c.code != "1" && (!ok || r.Number != want || r.National) {
				t.Errorf("%s from the United States is read as %+v", want, r)
			}
		}
	}
	if read < 1500 {
		t.Errorf("only %d examples", read)
	}
}

func TestSentAs(t *testing.T) {
	for _, tt := range []struct{ country, number, want string }{
		{"DE", "+493012345678", "+493012345678 493012345678 00493012345678 00493012345678 03012345678 3012345678"},
		{"US", "+493012345678", "+493012345678 493012345678 011493012345678 00493012345678"},
		{"US", "+12125551234", "+12125551234 12125551234 01112125551234 0012125551234 12125551234 2125551234"},
		{"", "+12125551234", "+12125551234 12125551234 0012125551234"},
	} {
		if got := fmt.Sprint(sentAs(tt.country, tt.number)); got != "["+tt.want+"]" {
			t.Errorf("%s %s: %s", tt.country, tt.number, got)
		}
	}
}
