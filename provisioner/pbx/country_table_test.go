package pbx

import (
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"
)

var update = flag.Bool("update", false, "write countries.tsv anew")

// TestCountries compares countries.tsv row by row with libphonenumber.
func TestCountries(t *testing.T) {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	short, err := phonenumbers.ShortNumberMetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	shorts, mains := map[string]*phonenumbers.PhoneMetadata{}, map[int32]*phonenumbers.PhoneMetadata{}
	for _, m := range short.GetMetadata() {
		shorts[m.GetId()] = m
	}
	for _, m := range all.GetMetadata() {
		if m.GetMainCountryForCode() {
			mains[m.GetCountryCode()] = m
		}
	}
	var rows []string
	for _, m := range all.GetMetadata() {
		rows = append(rows, countryRow(t, m, shorts[m.GetId()], mains))
	}
	checkTable(t, "countries.tsv", countriesTSV, rows)
}

// checkTable compares an embedded table with the rows that the library gives, or writes it
// anew with -update.
func checkTable(t *testing.T, path, embedded string, rows []string) {
	t.Helper()
	slices.Sort(rows)
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(rows, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(rows, strings.Split(strings.TrimSuffix(embedded, "\n"), "\n")); diff != "" {
		t.Errorf("run with -update, read the difference, -want +got:\n%s", diff)
	}
}

func countryRow(t *testing.T, m *phonenumbers.PhoneMetadata, short *phonenumbers.PhoneMetadata,
	mains map[int32]*phonenumbers.PhoneMetadata) string {
	iso, shared := m.GetId(), ""
	if m.GetMainCountryForCode() || len(phonenumbers.GetRegionCodesForCountryCode(int(m.GetCountryCode()))) == 1 {
		shared = "main"
	}
	exit := strings.ReplaceAll(m.GetPreferredInternationalPrefix(), "~", "")
	if exit == "" && strings.Trim(m.GetInternationalPrefix(), "0123456789") == "" {
		exit = m.GetInternationalPrefix()
	}
	if exit == "" {
		exit = "00"
	}
	var bare, emergency []string
	formats := m.GetNumberFormat()
	if of := mains[m.GetCountryCode()]; len(formats) == 0 && of != nil {
		formats = of.GetNumberFormat() // where a code is shared, one has them for all
	}
	for _, f := range formats {
		rule := f.GetNationalPrefixFormattingRule()
		if strings.Contains(rule, m.GetNationalPrefix()) && !f.GetNationalPrefixOptionalWhenFormatting() {
			continue
		}
		leading := f.GetLeadingDigitsPattern()
		if len(leading) == 0 {
			leading = []string{""}
		}
		bare = append(bare, leading[len(leading)-1]+">"+f.GetPattern())
	}
	if m.GetNationalPrefix() == "" || len(formats) == 0 {
		bare = []string{`>\d+`}
	}
	pattern := regexp.MustCompile("^(?:" + short.GetEmergency().GetNationalNumberPattern() + ")$")
	lengths := short.GetEmergency().GetPossibleLength()
	if len(lengths) == 0 { // the metadata leaves out what equals the general description's
		lengths = short.GetGeneralDesc().GetPossibleLength()
	}
	for _, digits := range lengths {
		for n := range int(math.Pow10(int(digits))) {
			// The library takes ten times as long to say no as its pattern does.
			if s := fmt.Sprintf("%0*d", digits, n); pattern.MatchString(s) && phonenumbers.IsEmergencyNumber(s, iso) {
				emergency = append(emergency, s)
			}
		}
	}
	row := []string{iso, strconv.Itoa(int(m.GetCountryCode())), shared, exit, m.GetNationalPrefix(), strings.Join(emergency, " "), m.GetInternationalPrefix(),
		m.GetNationalPrefixForParsing(), m.GetNationalPrefixTransformRule(), m.GetGeneralDesc().GetNationalNumberPattern(), m.GetLeadingDigits(), strings.Join(bare, " ")}
	for _, f := range row {
		if strings.ContainsAny(f, "\t\n") {
			t.Fatalf("%s has a field that is not one line: %q", iso, f)
		}
	}
	return strings.Join(row, "\t")
}
