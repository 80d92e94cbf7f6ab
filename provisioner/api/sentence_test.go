package api

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// verbs begin what is said of a field: "is required". A sentence that begins with
// one lacks its subject.
var verbs = strings.Fields(`is are must can cannot has have had needs takes names leads starts ends begins belongs contains differs demands does
	stands begins allows asks talks`)

// unspeakable returns what is wrong with a sentence about a field, or "".
func unspeakable(field, sentence string) string {
	rest, isPredicate := strings.CutPrefix(sentence, cmp.Or(field, "?")+" ")
	words := append(strings.Fields(rest), "", "")
	first, second := words[0], words[1]
	isVerb := slices.Contains(verbs, first)
	isValue := strings.HasPrefix(first, `"`) || first != "" && strings.Trim(first, "0123456789+*#-") == ""
	switch {
	case strings.TrimSpace(sentence) != sentence || strings.Contains(sentence, "%!") || sentence == "":
		return "is not clean"
	case !isPredicate && isVerb:
		return "has no subject"
	case isPredicate && !isVerb && !isValue && !slices.Contains(verbs, second): // device anna does not exist
		return "goes on after the field with neither a verb nor a value"
	}
	return ""
}

func TestUnspeakable(t *testing.T) {
	for sentence, field := range map[string]string{"class_of_service class of service gold does not exist in tenant default": "class_of_service",
		"groups group sales does not exist in tenant default": "groups", "is required": "name",
		"dahdi_channel DAHDI channel 3 belongs to device a": "dahdi_channel", "extension extension 9 does not exist": "extension", "is taken": ""} {
		if unspeakable(field, sentence) == "" {
			t.Errorf("%q passes", sentence)
		}
	}
	for sentence, field := range map[string]string{"name is required": "name", `mac "x" is not a MAC address`: "mac", "device nobody does not exist": "device", "group sales does not exist": "groups",
		"vlan_priority needs a vlan": "vlan_priority", "the body is empty": "", "lines[0].registration 2 is used twice": "lines[0].registration"} {
		if wrong := unspeakable(field, sentence); wrong != "" {
			t.Errorf("%q %s", sentence, wrong)
		}
	}
}

// Every refusal in the sources, also those that no test provokes.
func TestRefusalsAreSentences(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			field, text, ok := refusalText(n)
			if !ok {
				return true
			}
			seen++
			if wrong := unspeakable(field, text); wrong != "" {
				t.Errorf("%s: %q %s", fset.Position(n.Pos()), text, wrong)
			}
			return true
		})
		return nil
	})
	if err != nil || seen < 200 {
		t.Errorf("%d refusals were found (%v)", seen, err)
	}
}

// refusalText returns the sentence that a call makes, with a value for each verb of
// its format.
func refusalText(n ast.Node) (field, text string, ok bool) {
	call, isCall := n.(*ast.CallExpr)
	if !isCall {
		return "", "", false
	}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	at, ok := map[string]int{"Invalidf": 1, "Refusedf": 1, "Conflictf": 1, "NotFoundf": 0}[name]
	if !ok || len(call.Args) <= at {
		return "", "", false
	}
	lit, isLit := call.Args[at].(*ast.BasicLit)
	if !isLit || lit.Value == `"%s"` {
		return "", "", false
	}
	text, _ = strconv.Unquote(lit.Value)
	if strings.HasPrefix(text, "%") {
		_, rest, _ := strings.Cut(text, " ")
		text = `"x" ` + rest
	}
	if name == "Invalidf" {
		return "field", "field " + text, true
	}
	return "", text, true
}
