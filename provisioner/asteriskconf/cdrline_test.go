package asteriskconf

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// csvLine writes a line as Asterisk does.
func csvLine(values ...string) string {
	for i, v := range values {
		values[i] = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
	}
	return strings.Join(values, ",") + "\n"
}

// sampleLine is a call of somebody with that name.
func sampleLine(call, clid string) string {
	return csvLine(call, call, "7", "PJSIP/a-00000001", "PJSIP/b-00000002", "dial-default", "102", "101", clid, "107", "Dial", "PJSIP/b,20", "ANSWERED",
		"1795901760.507822", "1795901760.522688", "1795901762.000000")
}

func readLines(text string) (out []pbx.CDRLine, skipped int, err error) {
	in := NewCDRLines(iotest.HalfReader(strings.NewReader(text)))
	for {
		line, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out, in.Skipped(), nil
		}
		if err != nil {
			return nil, 0, err
		}
		out = append(out, line)
	}
}

func TestCDRLine(t *testing.T) {
	got, skipped, err := readLines(sampleLine("1795901760.20", `"=Al\"ice\\ `+"\n\x07"+`ü, \"" <101>`))
	want := []pbx.CDRLine{{Call: "1795901760.20", Channel: "1795901760.20", Sequence: 7, Name: "PJSIP/a-00000001", Peer: "PJSIP/b-00000002",
		Context: "dial-default", Exten: "102", From: pbx.CallParty{Number: "101", Name: `=Al"ice\   ü, "`}, Dialled: "107", App: "Dial", AppData: "PJSIP/b,20", Disposition: "ANSWERED",
		Start: time.UnixMicro(1795901760507822).UTC(), Answer: time.UnixMicro(1795901760522688).UTC(), End: time.UnixMicro(1795901762000000).UTC()}}
	if diff := cmp.Diff(want, got); diff != "" || skipped != 0 || err != nil {
		t.Errorf("%d skipped, %v: %s", skipped, err, diff)
	}
}

// What is no line costs no other line, and no name is taken for one.
func TestCDRLinesSurviveAnything(t *testing.T) {
	a, b := sampleLine("1.1", `"A" <101>`), sampleLine("1.2", `"B" <101>`)
	forged := strings.TrimSuffix(sampleLine("6.66", `"X" <1>`), "\n")
	for name, c := range map[string]struct {
		text    string
		calls   string
		skipped int
	}{
		"nothing":             {"", "", 0},
		"no end of line":      {a + strings.TrimSuffix(b, "\n"), "1.1 1.2", 0},
		"empty lines":         {"\n\n" + a + "\n" + b + "\n", "1.1 1.2", 0},
		"cut in a value":      {a[:len(a)/2] + b, "1.2", 1},
		"cut after a value":   {a[:strings.Index(a, `","7"`)+1] + b, "1.2", 1},
		"cut after a comma":   {a[:strings.Index(a, `"7"`)] + b, "1.2", 1},
		"cut at the end":      {a + b[:len(b)-4], "1.1", 1},
		"a value more":        {strings.TrimSuffix(a, "\n") + `,"x"` + "\n" + b, "1.2", 1},
		"not ours":            {"a,b,c\n" + a, "1.1", 1},
		"bytes that are none": {"\xff\xfe\x00" + a + strings.Repeat("\x00", 20000) + b, "1.1 1.2", 2},
		"a quote without end": {`"` + strings.Repeat("x", 20000) + "\n" + a, "1.1", 1},
		"no ids":              {sampleLine("", "") + b, "1.2", 1},
		"name with a line":    {sampleLine("1.1", "\"\n"+forged+"\n\" <101>") + b, "1.1 1.2", 0},
		"cut before a forged": {a[:40] + sampleLine("1.3", "\"\n"+forged+"\n\" <101>") + b, "1.3 1.2", 1},
		"cut inside a forged": {sampleLine("1.3", "\"\n"+forged+"\n\" <101>")[170:] + b, "1.2", 1},
		"a year of no time":   {strings.Replace(a, "1795901762.000000", "17959017621795901762.000000", 1) + b, "1.2", 1},
		"negative":            {strings.Replace(a, "1795901762.000000", "-5.000000", 1) + b, "1.2", 1},
	} {
		t.Run(name, func(t *testing.T) {
			lines, skipped, err := readLines(c.text)
			var calls []string
			for _, l := range lines {
				calls = append(calls, l.Call)
			}
			if got := strings.Join(calls, " "); got != c.calls || skipped != c.skipped || err != nil {
				t.Errorf("calls %q, %d skipped, %v", got, skipped, err)
			}
		})
	}
}

func TestCDRLinesReadError(t *testing.T) {
	if _, err := NewCDRLines(iotest.ErrReader(io.ErrUnexpectedEOF)).Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the error is %v", err)
	}
}

// FuzzCDRLines: whatever a value holds comes back whole, as far as people may see it, and
// whatever stands before a line does not hide it.
func FuzzCDRLines(f *testing.F) {
	f.Add("Alice", "")
	f.Add("\",\"\"\n\"", `"1.1","1.1",`)
	f.Fuzz(func(t *testing.T, name, before string) {
		if len(name) > 200 || len(before) > 2*maxCDRLine {
			return
		}
		escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)
		marked := sampleLine("9.9", `"`+escaped+`" <101>`)
		lines, _, err := readLines(marked + sampleLine("9.9", ""))
		if err != nil || len(lines) != 2 || lines[0].From.Name != plain(name) {
			t.Fatalf("%q is read as %+v, %v", name, lines, err)
		}
		if lines, _, err = readLines(before + "\n" + marked); err != nil || len(lines) == 0 {
			t.Fatalf("%q hides a line: %+v, %v", before, lines, err)
		}
	})
}
