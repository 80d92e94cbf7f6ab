// Package manual holds the manual: one Markdown page a subject, in the binary.
// `dialtone manual` prints the pages as they are; the API serves them as HTML.
// It imports no package of ours.
package manual

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed *.md
var files embed.FS

// topics lists the pages in the order in which a new reader needs them.
var topics = []string{
	"start", "extensions", "phones", "calls", "ring-groups", "queues", "outside", "messages", "records", "webhooks",
	"applications", "sign-in",
	"asterisk", "templates", "operating", "security", "features", "benchmarks", "decisions", "changes",
}

// Page is one subject.
type Page struct {
	Topic   string // the word of `dialtone manual` and of the address /docs/…
	Title   string // first heading
	Summary string // first line below it, one sentence
	Text    string // the whole page in Markdown
}

// Pages returns all pages in reading order.
func Pages() []Page { return slices.Clone(pages) }

// Find returns the page with a topic; its error names the topics there are.
func Find(topic string) (Page, error) {
	at := slices.IndexFunc(pages, func(p Page) bool { return p.Topic == topic })
	if at < 0 {
		return Page{}, fmt.Errorf("the manual has no page %q; it has %s", topic, strings.Join(topics, ", "))
	}
	return pages[at], nil
}

var pages = readPages()

// readPages panics where a page is missing: the pages are part of the program.
func readPages() []Page {
	out := make([]Page, len(topics))
	for i, topic := range topics {
		text, err := files.ReadFile(topic + ".md")
		if err != nil {
			panic("manual: " + err.Error())
		}
		title, rest, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n\n")
		summary, _, _ := strings.Cut(rest, "\n")
		out[i] = Page{Topic: topic, Title: title, Summary: summary, Text: string(text)}
	}
	return out
}
