package api

import "testing"

// TestHandlingRules: rules of an extension ask for callers, in any spelling, and may ring its
// devices, which a number has none of.
func TestHandlingRules(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Ada"}`)
	const rules = `"rules":[{"callers":["+49 (89)","internal"],"destination":"devices"},{"destination":"hangup"}]`
	l.must(201, "PUT", "forwards/101", `{"mode":"schedule",`+rules+`}`)
	got := l.must(200, "GET", "forwards/101", "").json()["rules"].([]any)
	first := got[0].(map[string]any)
	callers := first["callers"].([]any)
	if first["destination"] != "devices" || callers[0] != "+4989" || callers[1] != "internal" || len(got) != 2 {
		t.Errorf("the rules are %v", got)
	}
	l.must(200, "PUT", "forwards/101", `{"mode":"schedule",`+rules+`}`) // as it is read
	for body, field := range map[string]string{
		`{"mode":"schedule","rules":[{"callers":["089"],"destination":"devices"}]}`:    "rules[0].callers[0]",
		`{"mode":"schedule","rules":[{"destination":"devices:101"}]}`:                  "rules[0].destination",
		`{"mode":"destination","destination":"devices"}`:                               "destination",
		`{"mode":"schedule","rules":[{"destination":"hangup"}],"no_answer":"devices"}`: "no_answer",
	} {
		if p := l.must(422, "PUT", "forwards/101", body).problem(); p.Field != field {
			t.Errorf("%s: %s, %s", body, p.Field, p.Detail)
		}
	}
	if p := l.must(422, "PUT", "numbers/+493012345678",
		`{"rules":[{"destination":"devices"}]}`).problem(); p.Field != "rules[0].destination" {
		t.Errorf("a number rings devices: %s, %s", p.Field, p.Detail)
	}
}
