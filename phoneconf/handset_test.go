package phoneconf

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Handsets of a base use what they were told, and otherwise the account of their own number.
func TestHandsetsUseTheirLines(t *testing.T) {
	bases := 0
	for _, m := range Models() {
		r := diallingTenant("DE", "101", "102")
		r.Devices = []*pbx.Device{{Tenant: "default", Name: "a", Extension: "101", Endpoint: "da"}, {Tenant: "default", Name: "b", Extension: "102", Endpoint: "db"}}
		p := polycomOf(m)
		p.Lines = []pbx.Line{{Registration: 1, Device: "a"}, {Registration: 2, Device: "b"}}
		p.Handsets = []pbx.Handset{{Number: 1, Name: "Hall", Lines: []int{1, 2}, DefaultLine: 2}, {Number: 3, Lines: []int{2}}}
		err := CheckPhone(p)
		if m.Era != YealinkDECT {
			if es, _ := err.(pbx.Errors); !slices.ContainsFunc(es, func(e *pbx.Error) bool { return e.Field == "handsets.1" }) {
				t.Errorf("%s takes handsets: %v", m.Name, err)
			}
			continue
		}
		bases++
		if err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		got := filesOf(t, pbx.NewSnapshot(1, r), p)
		want(t, got, map[string]string{
			"handset.1.name": "Hall", "handset.1.incoming_lines": "1,2", "handset.1.dial_out_lines": "1,2", "handset.1.dial_out_default_line": "2",
			"handset.2.name": "102", "handset.2.incoming_lines": "2", "handset.2.dial_out_default_line": "2",
			"handset.3.name": "102", "handset.3.incoming_lines": "2", "handset.4.name": "", "handset.4.incoming_lines": "",
			fmt.Sprintf("handset.%d.dial_out_lines", m.Accounts): "",
		})
		p.Handsets = []pbx.Handset{{Number: m.Accounts + 1, Lines: []int{1}}}
		if err := CheckPhone(p); err == nil {
			t.Errorf("%s has handset %d", m.Name, m.Accounts+1)
		}
		p.Handsets = []pbx.Handset{{Number: 1, Lines: []int{1, 3}}, {Number: 2, Lines: []int{1}}}
		if err := CheckPhone(p); err == nil || !strings.Contains(err.Error(), "3 is no registration") {
			t.Errorf("%s: a line that is not there: %v", m.Name, err)
		}
		if fit := FittingHandsets(p); len(fit) != 1 || fit[0].Number != 2 {
			t.Errorf("%s: %v fit", m.Name, fit)
		}
	}
	if bases == 0 {
		t.Error("no model is a base")
	}
}
