package phoneconf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestDirectoriesShowTheTenantsPeople(t *testing.T) {
	s, site := golden(t, "yealink-t46u")
	b, ct, err := Render(engine, s, s.Phones[0], site, "001565aabbcc-phonebook.xml")
	if err != nil || ct != PolycomType {
		t.Fatal(ct, err)
	}
	got, err := readDirectory(b)
	if err != nil {
		t.Fatal(err)
	}
	const entry = "YealinkIPPhoneDirectory/DirectoryEntry"
	want(t, got, map[string]string{entry + "/Name#1": "Alice Árpád", entry + "/Telephone#1": "101", entry + "/Name#2": oddName, entry + "/Telephone#2": "102"})
	if _, third := got[entry+"#3"]; third {
		t.Error("a third person")
	}
	s, site = golden(t, "polycom-vvx450")
	b, _, err = Render(engine, s, s.Phones[0], site, "0004f2aabbcc-directory.xml")
	if err != nil {
		t.Fatal(err)
	}
	if got, err = readDirectory(b); err != nil {
		t.Fatal(err)
	}
	const item = "directory/item_list/item"
	want(t, got, map[string]string{item + "/fn#1": "Bank & Co", item + "/ct#1": "0301234", item + "/sd#1": "1", item + "/ct#2": "112", item + "/sd#2": "2", item + "/fn#3": "Alice", item + "/ct#3": "101", item + "/ct#4": "102"})
	for _, more := range []string{item + "#5", item + "/sd#3"} {
		if _, ok := got[more]; ok {
			t.Errorf("there is %s", more)
		}
	}
}

func TestDirectoriesAreTheTenantsAlone(t *testing.T) {
	var es []*pbx.Extension
	for i := range 600 {
		es = append(es, &pbx.Extension{Tenant: "b", Number: fmt.Sprint(1000 + i), Name: "B"})
	}
	es = append(es, &pbx.Extension{Tenant: "a", Number: "1", Name: "A"}, &pbx.Extension{Tenant: "c", Number: "2", Name: "C"})
	s := pbx.NewSnapshot(1, pbx.Rows{Tenants: []*pbx.Tenant{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}, Extensions: es})
	for tenant, n := range map[string]int{"a": 1, "b": 600, "c": 1, "d": 0, "": 0} {
		if got := s.ExtensionsOf(tenant); len(got) != n || n > 0 && got[0].Tenant != tenant {
			t.Errorf("tenant %q has %d extensions, want %d", tenant, len(got), n)
		}
	}
	if DirectoryFingerprint(s, "a") == DirectoryFingerprint(s, "c") || DirectoryFingerprint(s, "d") == DirectoryFingerprint(s, "a") {
		t.Error("two directories have one fingerprint")
	}
	for name, most := range map[string]int{"VVX450": directoryEntries, "SPIP335": oldDirectoryItems} {
		m, _ := LookupAny(name)
		b, err := renderDirectory(engine, s, "b", &input{}, m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readDirectory(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := got[fmt.Sprintf("directory/item_list/item#%d", most)]; !ok {
			t.Errorf("%s shows fewer than %d", name, most)
		}
		if _, ok := got[fmt.Sprintf("directory/item_list/item#%d", most+1)]; ok {
			t.Errorf("%s shows more than %d", name, most)
		}
	}
}

// Contacts of the tenant are in every phonebook, hidden people in none; a number that stands
// there already is not repeated on a Polycom, which has one number an entry.
func TestContactsAndHiddenPeople(t *testing.T) {
	r := diallingTenant("DE", "101", "102", "103")
	r.Extensions[1].Hidden = true
	r.Contacts = []*pbx.Contact{
		{Tenant: "default", Name: "taxi", Title: "Taxi <R&D>", Numbers: []string{"0301234", "+4915155"}},
		{Tenant: "default", Name: "same", Title: "Again", Numbers: []string{"103", "0301234"}},
		{Tenant: "other", Name: "spy", Title: "Spy", Numbers: []string{"007007"}},
	}
	s := pbx.NewSnapshot(1, r)
	shown := map[Era]int{}
	for _, m := range Models() {
		p := polycomOf(m)
		names, numbers := map[string]int{}, map[string]int{}
		for _, f := range Files(s, p) {
			if !IsDirectory(f) {
				continue
			}
			b, _, err := Render(engine, s, p, testSite, f)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readDirectory(b)
			if err != nil {
				t.Fatal(m.Name, err)
			}
			for at, text := range got {
				if strings.Contains(at, "/Name#") || strings.Contains(at, "/fn#") {
					names[text]++
				}
				if strings.Contains(at, "/Telephone#") || strings.Contains(at, "/ct#") {
					numbers[text]++
				}
			}
			shown[m.Era]++
		}
		twice := 2
		if m.Vendor == pbx.Polycom {
			twice = 1 // it is Again's, whose name comes first
		}
		if names["N102"]+numbers["102"]+names["Spy"]+numbers["007007"] != 0 || names["N101"] != 1 || numbers["101"] != 1 || names["Again"] != 1 ||
			names["Taxi <R&D>"] != 1 || numbers["0301234"] != twice || numbers["+4915155"] != 1 || m.Vendor == pbx.Polycom && numbers["103"] != 1 {
			t.Errorf("%s: names %v, numbers %v", m.Name, names, numbers)
		}
	}
	if len(shown) != 7 {
		t.Errorf("directories of eras %v", shown)
	}
	for change, alter := range map[string]func(r *pbx.Rows){
		"shown again": func(r *pbx.Rows) {
			r.Extensions = []*pbx.Extension{r.Extensions[0], {Tenant: "default", Number: "102", Name: "N102"}, r.Extensions[2]}
		},
		"a contact less": func(r *pbx.Rows) { r.Contacts = r.Contacts[1:] },
	} {
		if DirectoryFingerprint(s, "default") == DirectoryFingerprint(with(s, alter), "default") {
			t.Errorf("%s: the fingerprint is the same", change)
		}
	}
}
