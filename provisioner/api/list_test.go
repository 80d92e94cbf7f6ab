package api

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
)

// keys reads a list page by page.
func (l *lab) keys(path, key string, limit int) []string {
	l.t.Helper()
	var out []string
	after := ""
	for pages := 0; ; pages++ {
		r := l.must(200, "GET", fmt.Sprintf("%s?limit=%d%s", path, limit, after), "").json()
		items, _ := r["items"].([]any)
		if len(items) > limit {
			l.t.Fatalf("a page of %s has %d items, %d were asked for", path, len(items), limit)
		}
		for _, item := range items {
			out = append(out, fmt.Sprint(item.(map[string]any)[key]))
		}
		next, more := r["next"].(string)
		if !more {
			return out
		}
		if pages > 1000 {
			l.t.Fatalf("%s never ends", path)
		}
		after = "&after=" + url.QueryEscape(next)
	}
}

func TestListsPageOverEverythingOnce(t *testing.T) {
	l := newLab(t)
	const rows = 250
	var numbers, names, macs []string
	for i := range rows {
		numbers, names = append(numbers, fmt.Sprintf("2%03d", i)), append(names, fmt.Sprintf("d-%03d", i))
		macs = append(macs, fmt.Sprintf("00:15:65:00:%02x:%02x", i/16, i%16))
		l.must(201, "PUT", "extensions/"+numbers[i], fmt.Sprintf(`{"name":"Person %d"}`, i))
		l.must(201, "PUT", "devices/"+names[i], `{}`)
		l.must(201, "PUT", "phones/"+macs[i], `{"vendor":"yealink","model":"T46U"}`)
	}
	for _, c := range []struct {
		path, key string
		want      []string
	}{{"extensions", "number", numbers}, {"devices", "name", names}, {"phones", "mac", macs}} {
		for _, limit := range []int{7, 50, 250, 1000} {
			if got := l.keys(c.path, c.key, limit); !slices.Equal(got, c.want) {
				t.Errorf("%s by %d: %d keys, want %d: %v …", c.path, limit, len(got), len(c.want), got[:min(3, len(got))])
			}
		}
	}
	if r := l.must(200, "GET", "extensions", "").json(); len(r["items"].([]any)) != 100 || r["next"] != "2099" {
		t.Errorf("without a limit: %d items, next %v", len(r["items"].([]any)), r["next"])
	}
	if got := l.must(200, "GET", "phones?after=0015.6500.0f08&limit=5", "").json()["items"].([]any); len(got) != 1 {
		t.Errorf("a cursor in another spelling gives %d items", len(got))
	}
}

func TestListsFilter(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Anna 50% off"}`)
	l.must(201, "PUT", "extensions/102", `{"name":"Bert_B"}`)
	l.must(201, "PUT", "devices/anna-desk", `{"extension":"101"}`)
	l.must(201, "PUT", "phones/001565aabbcc", `{"vendor":"yealink","model":"T46U","lines":[{"registration":1,"device":"anna-desk"}]}`)
	for _, c := range []struct {
		path, contains string
		want           int
	}{
		{"extensions", "an", 1}, {"extensions", "10", 2}, {"extensions", "%", 1}, {"extensions", "_", 1}, {"extensions", "zz", 0}, {"extensions", "'", 0},
		{"devices", "desk", 1}, {"phones", "15:65:AA", 1}, {"phones", "t46", 1}, {"phones", "anna", 1}, {"phones", ":", 0}, {"mailboxes", "x", 0},
	} {
		r := l.must(200, "GET", c.path+"?contains="+url.QueryEscape(c.contains), "").json()
		if items, ok := r["items"].([]any); !ok || len(items) != c.want {
			t.Errorf("%s with %q: %v, want %d", c.path, c.contains, r["items"], c.want)
		}
	}
}
