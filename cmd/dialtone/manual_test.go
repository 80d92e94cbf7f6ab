package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/dialtone-pbx/dialtone/provisioner/manual"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// document is the README or a page of the manual.
type document struct {
	name  string
	prose string // without fenced blocks
	block []block
}

// block is a fenced block of a document.
type block struct {
	language, text string
	line           int // of its first line, from 1
}

// documents are all that tell people what to type.
func documents(t *testing.T) []document {
	t.Helper()
	out := []document{parseDocument(t, "README.md", ReadFile(t, "../../README.md"))}
	for _, p := range manual.Pages() {
		out = append(out, parseDocument(t, p.Topic+".md", p.Text))
	}
	return out
}

func parseDocument(t *testing.T, name, text string) document {
	t.Helper()
	d := document{name: name}
	inside := false
	for i, line := range strings.SplitAfter(text, "\n") {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !inside:
			d.block = append(d.block, block{language: strings.TrimSpace(language), line: i + 2})
			fallthrough
		case fence:
			inside = !inside
		case inside:
			d.block[len(d.block)-1].text += line
		default:
			d.prose += line
		}
	}
	if inside {
		t.Errorf("%s ends inside a block", name)
	}
	return d
}

// spans are the code spans of the prose.
func (d document) spans() []string {
	var out []string
	for _, found := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(d.prose, -1) {
		out = append(out, strings.ReplaceAll(found[1], "\n", " "))
	}
	return out
}

// of returns the texts of the blocks in a language.
func (d document) of(language string) []block {
	return slices.DeleteFunc(slices.Clone(d.block), func(b block) bool { return b.language != language })
}

// Blocks are of a language that some test reads: commands must not hide in another.
func TestManualBlocks(t *testing.T) {
	for _, d := range documents(t) {
		for _, b := range d.block {
			// Programs: TestReceiversOfTheManual; xml: TestTwiMLOfTheManual.
			if !slices.Contains([]string{"sh", "ini", "python", "go", "xml", ""}, b.language) {
				t.Errorf("%s:%d is a block of %q, which no test reads", d.name, b.line, b.language)
			}
			command := regexp.MustCompile(`(?m)^\s*(curl|make|\S*dialtone) .*`).FindString(b.text)
			if command != "" && b.language == "" {
				t.Errorf("%s:%d: %q stands in a block that no test runs: mark it sh", d.name, b.line, command)
			}
		}
	}
}

// model is the tree of commands with their flags.
func model(t *testing.T) *kong.Node {
	t.Helper()
	k, err := kong.New(&cli{}, kong.Name("dialtone"), kong.DefaultEnvars("DIALTONE"))
	if err != nil {
		t.Fatal(err)
	}
	return k.Model.Node
}

// eachFlag calls use with every flag of a command and of those below it.
func eachFlag(n *kong.Node, use func(*kong.Flag)) {
	for _, group := range n.AllFlags(false) {
		for _, flag := range group {
			use(flag)
		}
	}
	for _, child := range n.Children {
		eachFlag(child, use)
	}
}

// Flags and variables that are named anywhere exist.
func TestManualFlags(t *testing.T) {
	known := map[string]bool{}
	eachFlag(model(t), func(f *kong.Flag) {
		known["--"+f.Name] = true
		for _, name := range f.Envs {
			known[name] = true
		}
	})
	named := 0
	for _, d := range documents(t) {
		text := d.prose
		for _, b := range d.of("ini") {
			text += b.text
		}
		for _, name := range regexp.MustCompile(`--[a-z][a-z0-9-]*|\bDIALTONE_[A-Z]\w*`).FindAllString(text, -1) {
			named++
			if !known[name] {
				t.Errorf("%s names %s, which dialtone does not have", d.name, name)
			}
		}
	}
	if named < 20 {
		t.Errorf("%d names were looked at", named)
	}
}

// badCommand tells what dialtone would not take of a command line; words in capitals
// stand for values.
func badCommand(n *kong.Node, words []string) string {
	var taken []string
	values := 0
	for i := 0; i < len(words); i++ {
		word := words[i]
		if name, is := strings.CutPrefix(word, "--"); is {
			name, _, given := strings.Cut(name, "=")
			var flag *kong.Flag
			for _, group := range n.AllFlags(false) {
				for _, f := range group {
					if f.Name == name {
						flag = f
					}
				}
			}
			if flag == nil {
				return "has no flag --" + name
			}
			if !flag.IsBool() && !given {
				i++
			}
			continue
		}
		at := slices.IndexFunc(n.Children, func(c *kong.Node) bool { return c.Name == word })
		if at >= 0 {
			n, taken = n.Children[at], append(taken, word)
			continue
		}
		if values++; values > len(n.Positional) {
			return strings.Join(taken, " ") + " does not take " + word
		}
	}
	return ""
}

// Commands in the prose exist, with their flags; make's targets are in the Makefile.
func TestManualInlineCommands(t *testing.T) {
	makefile := ReadFile(t, "../../Makefile")
	seen := 0
	for _, d := range documents(t) {
		for _, span := range d.spans() {
			words := strings.Fields(span)
			if len(words) < 2 {
				continue
			}
			switch filepath.Base(words[0]) {
			case "dialtone":
				seen++
				if bad := badCommand(model(t), words[1:]); bad != "" {
					t.Errorf("%s: `%s`: dialtone %s", d.name, span, bad)
				}
			case "make":
				seen++
				if !strings.Contains(makefile, "\n.PHONY: "+words[1]+"\n") {
					t.Errorf("%s: `%s`: the Makefile has no such target", d.name, span)
				}
			case "curl", "systemctl", "apt-get", "cp", "install":
				if span != "cp -a" {
					t.Errorf("%s: `%s` is run by no test: give it a block of sh", d.name, span)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("%d commands were looked at", seen)
	}
	for _, wrong := range []string{"nonsense", "serve --nonsense", "version 1", "manual one two", "token nonsense"} {
		if badCommand(model(t), strings.Fields(wrong)) == "" {
			t.Errorf("dialtone %s is taken for good", wrong)
		}
	}
}

// Files that are named, and those that README links to, exist.
func TestManualFiles(t *testing.T) {
	tests := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		tests[d.Name()] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents(t) {
		for _, span := range d.spans() {
			if !strings.HasSuffix(span, "_test.go") {
				continue
			}
			known := false
			for name := range tests {
				fits, err := filepath.Match(filepath.Base(span), name)
				known = known || fits && err == nil
			}
			if !known {
				t.Errorf("%s names %s, which does not exist", d.name, span)
			}
		}
	}
	readme := ReadFile(t, "../../README.md")
	for _, link := range regexp.MustCompile(`\]\(([^)#]+)`).FindAllStringSubmatch(readme, -1) {
		if _, err := os.Stat(filepath.Join("../..", link[1])); err != nil {
			t.Errorf("README.md links to %s, which does not exist", link[1])
		}
	}
}

// The README is what a newcomer reads in one sitting.
func TestReadmeIsShort(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(ReadFile(t, "../../README.md"), "\n"), "\n")
	if len(lines) > 200 {
		t.Errorf("it has %d lines: what is more goes to the manual", len(lines))
	}
	for i, line := range lines {
		if n := len([]rune(line)); n > 160 {
			t.Errorf("README.md:%d has %d characters", i+1, n)
		}
	}
}

// The page about an Asterisk of one's own says what doctor asks for: each line of its
// blocks, and no other.
func TestManualAsteriskLines(t *testing.T) {
	var printed bytes.Buffer
	d := doctorCmd{asteriskFlags: asteriskFlags{etcFlags: etcFlags{AsteriskEtc: t.TempDir()}, AMIAddress: "127.0.0.1:1", AMIUser: "dialtone",
		ARIURL: "http://127.0.0.1:1/ari", ARIUser: "dialtone"}}
	if err := d.examine(t.Context(), &printed); err == nil {
		t.Fatalf("doctor finds an empty folder ready:\n%s", &printed)
	}
	asked := map[string]bool{}
	for line := range strings.Lines(printed.String()) {
		line, indented := strings.CutPrefix(line, "        ")
		if line = plainLine(line); indented && line != "" && !strings.HasSuffix(line, ":") {
			asked[line] = true
		}
	}
	delete(asked, "bindport = 1")
	delete(asked, "port = 1")
	asked["bindport = 8088"], asked["port = 5038"] = true, true
	said := map[string]bool{}
	documents := documents(t)
	page := documents[slices.IndexFunc(documents, func(d document) bool { return d.name == "asterisk.md" })]
	for _, b := range page.of("ini") {
		for line := range strings.Lines(b.text) {
			if line = plainLine(line); line != "" && !asked[line] {
				t.Errorf("asterisk.md:%d: doctor does not ask for %q", b.line, line)
			}
			said[line] = true
		}
	}
	for _, span := range page.spans() {
		said[span] = true
	}
	for line := range asked {
		if !said[line] {
			t.Errorf("asterisk.md does not have the line %q, which doctor asks for", line)
		}
	}
}

// plainLine is a line of a configuration file without comment and without its secret.
func plainLine(line string) string {
	line, _, _ = strings.Cut(line, ";")
	return regexp.MustCompile(`^(secret|password) = .*`).ReplaceAllString(strings.TrimSpace(line), "$1 = …")
}

// The command in the unit for systemd is one that dialtone takes.
func TestManualUnit(t *testing.T) {
	units := 0
	for _, d := range documents(t) {
		for _, b := range d.of("ini") {
			for _, line := range regexp.MustCompile(`(?m)^Exec\w+=\S*/dialtone (.*)$`).FindAllStringSubmatch(b.text, -1) {
				units++
				if bad := badCommand(model(t), strings.Fields(line[1])); bad != "" {
					t.Errorf("%s:%d: dialtone %s", d.name, b.line, bad)
				}
			}
		}
	}
	if units != 1 {
		t.Errorf("%d units were looked at", units)
	}
}
