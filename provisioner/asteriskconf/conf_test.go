package asteriskconf

import (
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// confItem is one thing that a .conf file says: a section (Name empty), an
// option, or a directive (Section "#").
type confItem struct{ Section, Name, Value string }

// readConf reads a .conf file as Asterisk's config_text_file_load does: ';' is a
// comment unless a backslash stands before it, ";--" starts a comment that ends
// at "--;", lines are stripped of everything up to a blank, "=>" is like "=".
func readConf(text string) []confItem {
	var items []confItem
	section, depth := "", 0
	for line := range strings.SplitSeq(text, "\n") {
		var kept string
		kept, depth = stripComments(line, depth)
		kept = strings.Trim(kept, blanks)
		switch {
		case kept == "":
		case kept[0] == '[':
			section, _, _ = strings.Cut(kept[1:], "]")
			items = append(items, confItem{Section: section})
		case kept[0] == '#':
			items = append(items, confItem{"#", kept, ""})
		default:
			name, value, _ := strings.Cut(kept, "=")
			value = strings.TrimPrefix(value, ">")
			items = append(items, confItem{section, strings.Trim(name, blanks), strings.Trim(value, blanks)})
		}
	}
	return items
}

// blanks are what ast_strip strips: everything up to the blank.
const blanks = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f "

// stripComments returns what of a line is no comment, and how many comments are
// open at its end.
func stripComments(line string, depth int) (kept string, _ int) {
	var out strings.Builder
	put := func(s string) {
		if depth == 0 {
			out.WriteString(s)
		}
	}
	for {
		i := strings.IndexByte(line, ';')
		if i < 0 {
			put(line)
			return out.String(), depth
		}
		before, rest := line[:i], line[i:]
		switch {
		case strings.HasSuffix(before, `\`):
			put(before[:i-1] + ";")
			line = rest[1:]
		case strings.HasPrefix(rest, ";--") && !strings.HasPrefix(rest, ";---"):
			put(before)
			depth++
			line = rest[3:]
		case depth > 0 && strings.HasSuffix(before, "--"):
			depth--
			line = rest[1:]
		case depth == 0:
			put(before)
			return out.String(), depth
		default:
			line = rest[1:]
		}
	}
}

// seeds are texts that have gone wrong somewhere.
var seeds = []string{"", "Alice", "x;--", `"; #exec /bin/sh`, `<b>&"'`, `a\`, `\;`, `\\;`, ";;", "--;", "emoji 😀", "Doe, Jane", "a|b", "${X}",
	"a\nb = c", "a\r#include x", ">x", "=>", "[s]", " lead", "trail ", "\xff", "\u0085", "\u00a0", "{{.}}", "#include x", "x\x00"}

func addSeeds(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
}

// around is a file into which a fuzzed value is put; nothing else of it may change.
const before, after = "[one]\na = 1\n", "\nb = 2\n[two]\nc = 3\n"

// surrounded is what readConf must find around the value of option v.
func surrounded(value string) []confItem {
	return []confItem{{Section: "one"}, {"one", "a", "1"}, {"one", "v", value}, {"one", "b", "2"}, {Section: "two"}, {"two", "c", "3"}}
}

func FuzzConfValue(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		v, err := newConfValue("v", s)
		if err != nil {
			return
		}
		for _, sep := range []string{" = ", "=", " => "} {
			if diff := cmp.Diff(surrounded(s), readConf(before+"v"+sep+v.String()+after)); diff != "" {
				t.Errorf("%q after %q:\n%s", s, sep, diff)
			}
		}
	})
}

func FuzzVarValue(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		v, err := newVarValue("v", s)
		if err != nil {
			return
		}
		if diff := cmp.Diff(surrounded("CALLERID(name)="+s), readConf(before+"v = CALLERID(name)="+v.String()+after)); diff != "" {
			t.Errorf("%q:\n%s", s, diff)
		}
	})
}

// parseCallerID reads as Asterisk 16 and 22 were seen to: inside quotes a
// backslash keeps the next character, then follows <number>.
func parseCallerID(s string) (name, number string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			if i == len(s) {
				return "", "", false
			}
			b.WriteByte(s[i])
		case '"':
			number, ok = strings.CutPrefix(s[i+1:], " <")
			if !ok || !strings.HasSuffix(number, ">") {
				return "", "", false
			}
			return b.String(), strings.TrimSuffix(number, ">"), true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

func FuzzCallerID(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		c, err := newCallerID("name", s, "101")
		if err != nil {
			return
		}
		items := readConf(before + "v = " + c.String() + after)
		if len(items) != 6 {
			t.Fatalf("%q: %v", s, items)
		}
		if name, number, ok := parseCallerID(items[2].Value); !ok || name != s || number != "101" {
			t.Errorf("%q came back as %q <%s> from %s", s, name, number, items[2].Value)
		}
		items[2].Value = ""
		if diff := cmp.Diff(surrounded(""), items); diff != "" {
			t.Errorf("%q:\n%s", s, diff)
		}
	})
}

func FuzzVMField(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		v, err := newVMField("name", s, maxMailboxName)
		if err != nil {
			return
		}
		items := readConf(before + "v => 4711," + v.String() + ",mail,,tz=x" + after)
		if diff := cmp.Diff(surrounded("4711,"+strings.ReplaceAll(s, ",", vmComma)+",mail,,tz=x"), items); diff != "" {
			t.Fatalf("%q:\n%s", s, diff)
		}
		if fields := strings.Split(items[2].Value, ","); len(fields) != 5 || fields[1] != strings.ReplaceAll(s, ",", vmComma) {
			t.Errorf("%q: fields %q", s, fields)
		}
	})
}

// FuzzNames: what a name's constructor lets through has no meaning in a heading,
// in dialplan text or between '&'.
func FuzzNames(f *testing.F) {
	addSeeds(f)
	f.Add("101")
	f.Add("dialtone-marker")
	f.Fuzz(func(t *testing.T, s string) {
		var names []string
		if n, err := newEndpointName("f", s); err == nil {
			names = append(names, n.String())
			d, err := newDialArg("f", []pbx.Leg{{Endpoint: s}, {Endpoint: "x"}})
			if err != nil || d.String() != "PJSIP/"+s+"&PJSIP/x" || strings.HasPrefix(s, ownPrefix) {
				t.Errorf("%q: %q, %v", s, d, err)
			}
		}
		if n, err := newContextName("f", s, pbx.EntryContext); err == nil {
			names = append(names, strings.TrimPrefix(n.String(), "from-"))
		}
		if n, err := newExtenName("f", s); err == nil {
			names = append(names, n.String())
		}
		if n, err := newLegName("f", pbx.Leg{Endpoint: s, Own: &pbx.OwnLeg{}}); err == nil {
			names = append(names, n.String())
		}
		if n, err := newOutsideNumber("f", s); err == nil {
			names = append(names, strings.TrimPrefix(n.String(), "+"))
		}
		if n, err := newMailboxName("f", "default", s); err == nil {
			names = append(names, strings.TrimSuffix(n.String(), "@default"))
		}
		for _, n := range names {
			if n != s || strings.ContainsAny(n, " \t\n,;()[]{}$&@|=<>\"'\\!/#*+.:%") || n == "" {
				t.Errorf("%q was let through as %q", s, n)
			}
		}
	})
}

// TestTypesRefuseStringFunctions: a site template may print a value and may not
// change it after it was escaped.
func TestTypesRefuseStringFunctions(t *testing.T) {
	try := func(text string, v any) (string, error) {
		var b strings.Builder
		err := template.Must(template.New("").Funcs(templates.Funcs()).Parse(text)).Execute(&b, map[string]any{"V": v})
		return b.String(), err
	}
	for _, v := range []any{confValue{"a"}, callerID{"a"}, vmField{"a"}, dialArg{"a"}, contextName{"a"}, extenName{"a"}, endpointName{"a"}, mailboxName{"a"}} {
		for _, text := range []string{`{{.V | upper}}`, `{{.V | replace "\\" ""}}`, `{{trim .V}}`, `{{slice .V 1}}`} {
			if out, err := try(text, v); err == nil {
				t.Errorf("%s of a %T gave %q", text, v, out)
			}
		}
		if out, err := try(`{{.V}}`, v); err != nil || !strings.Contains(out, "a") {
			t.Errorf("a %T prints as %q, %v", v, out, err)
		}
	}
}
