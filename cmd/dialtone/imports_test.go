package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/dialtone-pbx/dialtone/"

// allowed says which packages of ours a package may import (DESIGN, section 2).
// Programs below cmd may import all but each other's programs.
var allowed = map[string][]string{
	"provisioner/pbx":          {},
	"provisioner/event":        {"provisioner/pbx"},
	"provisioner/eventlog":     {"provisioner/pbx", "provisioner/event", "db", "provisioner/writebehind"},
	"provisioner/limit":        {},
	"provisioner/writebehind":  {},
	"provisioner/wholefile":    {},
	"provisioner/authority":    {"provisioner/wholefile"},
	"templates":                {},
	"ami":                      {},
	"ami/amitest":              {"ami"},
	"ari":                      {},
	"ari/aritest":              {},
	"provisioner/e164":         {},
	"db":                       {"provisioner/pbx", "provisioner/e164"},
	"db/dbtest":                {},
	"provisioner/numberfile":   {"provisioner/pbx", "provisioner/e164", "db"},
	"provisioner/numberpool":   {"provisioner/pbx", "provisioner/e164", "db"},
	"provisioner/numberlife":   {"provisioner/pbx", "provisioner/event", "db"},
	"phoneconf":                {"provisioner/pbx", "templates"},
	"provisioner/asteriskconf": {"provisioner/pbx", "templates"},
	"provisioner/apply":        {"provisioner/pbx", "db", "templates", "provisioner/asteriskconf", "ami", "provisioner/event", "provisioner/wholefile"},
	"provisioner/status":       {"provisioner/pbx", "db", "ami", "provisioner/event", "provisioner/writebehind"},
	"provisioner/queues":       {"provisioner/pbx", "ami", "provisioner/event"},
	"provisioner/trunkstatus":  {"provisioner/pbx", "ami", "provisioner/event"},
	"provisioner/fleet":        {"provisioner/pbx", "db", "templates", "phoneconf", "ami", "provisioner/event", "provisioner/limit", "provisioner/writebehind", "provisioner/wholefile"},
	"provisioner/calls":        {"provisioner/pbx", "db", "ami", "provisioner/event", "provisioner/writebehind"},
	"provisioner/emergency":    {"provisioner/pbx", "db", "provisioner/event", "provisioner/writebehind"},
	"provisioner/notice":       {"provisioner/pbx", "db", "provisioner/mail", "provisioner/writebehind"},
	"provisioner/guard":        {"provisioner/pbx", "db", "provisioner/event", "provisioner/writebehind"},
	"provisioner/cdr":          {"provisioner/pbx", "db", "provisioner/asteriskconf", "provisioner/spool", "provisioner/writebehind"},
	"provisioner/spool":        {"provisioner/pbx"},
	"provisioner/sound":        {},
	"provisioner/soundfile":    {"provisioner/pbx", "provisioner/sound", "provisioner/wholefile"},
	"provisioner/directory":    {"provisioner/pbx", "provisioner/limit"},
	"provisioner/outbox":       {},
	"provisioner/tenanthttp":   {"provisioner/pbx"},
	"provisioner/application":  {"provisioner/pbx", "provisioner/tenanthttp"},
	"provisioner/mail":         {"provisioner/pbx", "provisioner/outbox"},
	"provisioner/webhook": {"provisioner/pbx", "provisioner/event", "provisioner/outbox", "provisioner/mail",
		"provisioner/tenanthttp", "db"},
	"provisioner/voicemail": {"provisioner/pbx", "db", "ami", "provisioner/mail", "provisioner/spool"},
	"provisioner/signin":    {"provisioner/pbx", "db", "provisioner/mail", "provisioner/limit", "provisioner/wholefile"},
	"provisioner/sms":       {"provisioner/pbx", "provisioner/event", "provisioner/outbox", "db"},
	"provisioner": {"provisioner/e164", "provisioner/apply", "provisioner/fleet", "provisioner/status",
		"provisioner/trunkstatus", "provisioner/queues", "provisioner/calls", "provisioner/cdr", "provisioner/spool", "provisioner/mail",
		"provisioner/voicemail", "provisioner/signin", "provisioner/pbx", "provisioner/wholefile", "db", "templates",
		"phoneconf", "provisioner/asteriskconf", "provisioner/event", "provisioner/limit", "provisioner/writebehind", "ami",
		"provisioner/numberfile", "provisioner/numberpool", "provisioner/numberlife", "provisioner/guard", "provisioner/emergency",
		"provisioner/notice", "provisioner/eventlog", "provisioner/soundfile",
		"provisioner/webhook", "provisioner/application", "provisioner/sms", "provisioner/tenanthttp"},
	"provisioner/api": {"provisioner", "provisioner/e164", "provisioner/fleet", "provisioner/event",
		"provisioner/pbx", "provisioner/spool", "provisioner/voicemail", "provisioner/signin", "provisioner/manual", "db",
		"provisioner/numberfile", "provisioner/numberpool", "provisioner/guard", "provisioner/application", "provisioner/sms"},
	"provisioner/manual":    {},
	"provisioner/phonehttp": {"provisioner/pbx", "provisioner/limit", "phoneconf"},
	"ari/callflow":          {"ari", "provisioner/pbx"},
	// Fakes for tests.
	"provisioner/mail/mailtest": {},
	// The phone reads files as a phone would: it shares no code with phoneconf.
	"cmd/phonesim":         {"cmd/phonesim/phone", "cmd/phonesim/factory"},
	"cmd/phonesim/phone":   {},
	"cmd/phonesim/factory": {"cmd/phonesim/phone"},
}

// The table is read from the sources and not from go list, whose results stay
// cached when the sources change.
func TestImportTable(t *testing.T) {
	root := "../.."
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		seen[rel] = true
		checkFile(t, rel, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("the table names %s, which does not exist", pkg)
		}
	}
}

func checkFile(t *testing.T, pkg, name string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		if fn, is := d.(*ast.FuncDecl); is && fn.Recv == nil && fn.Name.Name == "init" {
			t.Errorf("%s: importing a package must change nothing: call what init does where it can be seen", name)
		}
	}
	may, known := allowed[pkg]
	if !known && !strings.HasPrefix(pkg, "cmd/") {
		t.Errorf("%s is in no row of the import table", pkg)
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if echo := strings.HasPrefix(imported, "github.com/labstack/echo"); echo && pkg != "provisioner/api" && pkg != "provisioner/phonehttp" {
			t.Errorf("%s imports %s: Echo belongs to the HTTP packages only", name, imported)
		}
		if strings.HasPrefix(imported, "github.com/pion/") && pkg != "cmd/phonesim/phone" {
			t.Errorf("%s imports %s: only the simulated phone encrypts voice by itself", name, imported)
		}
		ours, is := strings.CutPrefix(imported, module)
		if ours == "cmd/sandbox/lab" {
			t.Errorf("%s imports %s, which is for tests only", name, ours)
		}
		if is && known && !slices.Contains(may, ours) {
			t.Errorf("%s imports %s, which the table does not allow", name, ours)
		}
	}
}

// The top level is the owner's: nothing else may stand there.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	fixed := []string{"cmd", "provisioner", "ari", "ami", "templates", "phoneconf", "db", "go.mod", "go.sum", "Makefile", "README.md"}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(fixed, e.Name()) {
			t.Errorf("%s stands at the top level, which is fixed", path.Base(e.Name()))
		}
	}
	for _, name := range fixed {
		if _, err := os.Stat(filepath.Join("../..", name)); err != nil {
			t.Errorf("%s is missing", name)
		}
	}
}
