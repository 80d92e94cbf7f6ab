package templates

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"text/template"
)

const (
	// siteText is the longest text that a function of a site's template takes or
	// makes, siteList the longest list.
	siteText = 64 << 10
	siteList = 1000
)

var (
	errLongText = fmt.Errorf("a text of more than %d bytes", siteText)
	errLongList = fmt.Errorf("a list of more than %d", siteList)
)

// siteFuncs are the functions that a site's template may call: those of Funcs and
// of text/template, each with a bound on what it takes and makes, so that a slip
// costs no memory.
func siteFuncs() template.FuncMap {
	out := Funcs()
	for name, own := range map[string]any{
		"until": siteUntil, "untilStep": siteUntilStep, "seq": siteSeq, "repeat": siteRepeat, "replace": siteReplace,
		"join":  siteJoin,
		"print": fmt.Sprint, "println": fmt.Sprintln, "printf": sitePrintf, "html": template.HTMLEscaper,
		"js": template.JSEscaper, "urlquery": template.URLQueryEscaper,
	} {
		out[name] = own
	}
	for name, f := range out {
		out[name] = bounded(f)
	}
	// It is there to be parsed: what is called like {{ template }} becomes that.
	out[sharedWord] = func(string, any) (string, error) { return "", errors.New("shared stands alone") }
	return out
}

// oneSiteFuncs are made once.
var oneSiteFuncs = sync.OnceValue(siteFuncs)

var errorType = reflect.TypeFor[error]()

// bounded returns f with checks of what goes in and comes out.
func bounded(f any) any {
	v := reflect.ValueOf(f)
	t := v.Type()
	ins := make([]reflect.Type, t.NumIn())
	for i := range ins {
		ins[i] = t.In(i)
	}
	shape := reflect.FuncOf(ins, []reflect.Type{t.Out(0), errorType}, t.IsVariadic())
	fail := func(err error) []reflect.Value {
		return []reflect.Value{reflect.Zero(t.Out(0)), reflect.ValueOf(&err).Elem()}
	}
	return reflect.MakeFunc(shape, func(args []reflect.Value) []reflect.Value {
		left := siteText
		for _, a := range args {
			if left -= weigh(a, left); left < 0 {
				return fail(errLongText)
			}
		}
		call := v.Call
		if t.IsVariadic() {
			call = v.CallSlice
		}
		out := call(args)
		if len(out) == 2 && !out[1].IsNil() {
			return out
		}
		if weigh(out[0], siteText) > siteText {
			return fail(errLongText)
		}
		return []reflect.Value{out[0], reflect.Zero(errorType)}
	}).Interface()
}

// weigh counts the bytes of texts in v, and one for each member of a list. It
// stops at most.
func weigh(v reflect.Value, most int) int {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return 0
		}
		return weigh(v.Elem(), most)
	case reflect.String:
		return v.Len()
	case reflect.Slice:
		n := v.Len()
		for i := 0; i < v.Len() && n <= most; i++ {
			n += weigh(v.Index(i), most-n)
		}
		return n
	}
	return 0
}

// siteWidth finds widths of four digits and more, and those from an argument.
var siteWidth = regexp.MustCompile(`%[^a-zA-Z%]*([0-9]{4}|\*)`)

// sitePrintf prints values as a file shows them: a verb such as %d would print the
// inside of one, past its escaping.
func sitePrintf(format string, args ...any) (string, error) {
	if siteWidth.MatchString(format) {
		return "", errors.New("a width of more than three digits")
	}
	for i, a := range args {
		if s, ok := a.(fmt.Stringer); ok {
			args[i] = s.String()
			continue
		}
		switch reflect.ValueOf(a).Kind() {
		case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map, reflect.Pointer:
			return "", errors.New("printf takes single values")
		}
	}
	return fmt.Sprintf(format, args...), nil
}

func siteUntil(count int) ([]int, error) {
	if count < 0 {
		return siteUntilStep(0, count, -1)
	}
	return siteUntilStep(0, count, 1)
}

func siteUntilStep(start, stop, step int) ([]int, error) {
	out := []int{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if out = append(out, i); len(out) > siteList {
			return nil, errLongList
		}
	}
	return out, nil
}

// siteSeq is the shell's seq: to an end, from a start, by a step.
func siteSeq(params ...int) (string, error) {
	start, end := 1, 0
	switch len(params) {
	case 1:
		end = params[0]
	case 2:
		start, end = params[0], params[1]
	case 3:
		start, end = params[0], params[2]
	default:
		return "", nil
	}
	step := 1
	if end < start {
		step = -1
	}
	if len(params) == 3 {
		step = params[1]
	}
	list, err := siteUntilStep(start, end+sign(step), step)
	return strings.Trim(fmt.Sprint(list), "[]"), err
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

func siteRepeat(count int, s string) (string, error) {
	if count < 0 || len(s) > 0 && count > siteText/len(s) {
		return "", errLongText
	}
	return strings.Repeat(s, count), nil
}

func siteReplace(old, new, s string) (string, error) {
	if n := strings.Count(s, old); n > 0 && len(new) > siteText/n {
		return "", errLongText
	}
	return strings.ReplaceAll(s, old, new), nil
}

func siteJoin(sep string, list any) (string, error) {
	v := reflect.ValueOf(list)
	if v.Kind() != reflect.Slice {
		return fmt.Sprint(list), nil
	}
	parts := make([]string, v.Len())
	for i := range parts {
		parts[i] = fmt.Sprint(v.Index(i).Interface())
	}
	if len(parts) > 0 && len(sep) > siteText/len(parts) {
		return "", errLongText
	}
	return strings.Join(parts, sep), nil
}
