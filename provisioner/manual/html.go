package manual

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// HTML returns the page as the body of an HTML document. Links to other pages get
// base in front, such as /docs/. Raw HTML in a page is left out, not passed on.
func (p Page) HTML(base string) ([]byte, error) {
	md := goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithASTTransformers(util.Prioritized(links(base), 0))),
	)
	var out bytes.Buffer
	if err := md.Convert([]byte(p.Text), &out); err != nil {
		return nil, fmt.Errorf("making HTML of the manual's page %s: %w", p.Topic, err)
	}
	return out.Bytes(), nil
}

// links turns links between files into links between addresses.
type links string

// Transform implements parser.ASTTransformer.
func (base links) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // nothing in it fails
		if link, is := n.(*ast.Link); is && entering {
			file, anchor, _ := strings.Cut(string(link.Destination), "#")
			if topic, page := strings.CutSuffix(file, ".md"); page {
				link.Destination = []byte(string(base) + topic)
				if anchor != "" {
					link.Destination = append(link.Destination, "#"+anchor...)
				}
			}
		}
		return ast.WalkContinue, nil
	})
}
