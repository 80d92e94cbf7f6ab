package bench

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// row is one line of the table.
type row struct {
	what, result, reference, ratio, target string
	holds                                  bool
}

// printTable writes GitHub markdown.
func printTable(w io.Writer, head string, rows []row) error {
	var b strings.Builder
	b.WriteString("Measured " + head +
		".\n\n| what | result | reference | ratio | target | holds |\n|---|---|---|---|---|---|\n")
	for _, r := range rows {
		holds := "yes"
		if !r.holds {
			holds = "**no**"
		}
		b.WriteString("|")
		for _, c := range []string{r.what, r.result, r.reference, r.ratio, r.target, holds} {
			b.WriteString(" " + cell(c) + " |")
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cell keeps a text from ending its column or its line.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}

// times prints a ratio with as many digits as mean something.
func times(result, reference float64) string {
	r := result / reference
	switch {
	case math.IsNaN(r) || math.IsInf(r, 0):
		return "–"
	case r >= 10:
		return fmt.Sprintf("%.0f ×", r)
	}
	return fmt.Sprintf("%.2f ×", r)
}
