package manual

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every page is in the list, has a title and a sentence, and fits a terminal.
func TestPages(t *testing.T) {
	names, err := fs.Glob(files, "*.md")
	if err != nil || len(names) != len(topics) {
		t.Errorf("the folder has %v and the list %v (%v)", names, topics, err)
	}
	for _, p := range Pages() {
		begins := strings.HasPrefix(p.Text, "# "+p.Title+"\n\n"+p.Summary+"\n\n")
		if !begins || !strings.HasSuffix(p.Summary, ".") || len(p.Summary) > 110 {
			t.Errorf("%s begins with %q and %q, not with a heading and one sentence", p.Topic, p.Title, p.Summary)
		}
		for i, line := range strings.Split(p.Text, "\n") {
			if len([]rune(line)) > 160 && !strings.HasPrefix(line, "|") {
				t.Errorf("%s.md:%d has %d characters", p.Topic, i+1, len([]rune(line)))
			}
		}
	}
}

func TestFind(t *testing.T) {
	if p, err := Find("ring-groups"); err != nil || p.Title != "Ring groups" {
		t.Errorf("found %q, %v", p.Title, err)
	}
	_, err := Find("nonsense")
	if err == nil || !strings.Contains(err.Error(), `"nonsense"; it has start, extensions, phones`) {
		t.Errorf("a page that does not exist: %v", err)
	}
}

// Links lead to pages, and to headings of pages.
func TestLinks(t *testing.T) {
	html := map[string]string{}
	for _, p := range Pages() {
		text, err := p.HTML("/docs/")
		if err != nil {
			t.Fatal(err)
		}
		html["/docs/"+p.Topic] = string(text)
		if strings.Contains(string(text), "raw HTML omitted") {
			t.Errorf("%s has markup in it that is left out: put it into a code span", p.Topic)
		}
	}
	links := 0
	for at, text := range html {
		for _, link := range regexp.MustCompile(`<a href="([^"]*)"`).FindAllStringSubmatch(text, -1) {
			links++
			page, anchor, _ := strings.Cut(link[1], "#")
			if page == "" {
				page = at
			}
			if to, known := html[page]; !known || anchor != "" && !strings.Contains(to, `id="`+anchor+`"`) {
				t.Errorf("%s links to %s, which is nowhere", at, link[1])
			}
		}
	}
	if links < len(topics) {
		t.Errorf("%d links were looked at", links)
	}
}

// A page is text: no markup in it reaches a browser as markup.
func TestHTMLIsEscaped(t *testing.T) {
	p := Page{Topic: "bad", Text: "# Bad\n\nText <script>alert(1)</script> `<b>` [x](javascript:alert(1)) & " +
		"[y](calls.md#who \"t\")\n\n<img src=x onerror=alert(1)>\n\n| a |\n|---|\n| <i>b</i> |\n"}
	html, err := p.HTML("/docs/")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "<i>", "javascript:", "<b>"} {
		if strings.Contains(string(html), bad) {
			t.Errorf("%s is in\n%s", bad, html)
		}
	}
	for _, good := range []string{"&lt;b&gt;", "&amp;", `href="/docs/calls#who"`, "<table>", `<h1 id="bad">`} {
		if !strings.Contains(string(html), good) {
			t.Errorf("%s is not in\n%s", good, html)
		}
	}
}

// No caller can change the manual of another.
func TestPagesAreCopies(t *testing.T) {
	Pages()[0].Title = "changed"
	if slices.ContainsFunc(Pages(), func(p Page) bool { return p.Title == "changed" }) {
		t.Error("a caller changed the list")
	}
}
