package main

import (
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/manual"
)

// manualCmd prints the manual. It needs neither database nor network.
type manualCmd struct {
	Topic string `arg:"" optional:"" help:"The page to print; without it, the list of pages."`
}

// Run prints a page as it is written: Markdown reads well in a terminal.
func (m *manualCmd) Run() error {
	if m.Topic != "" {
		page, err := manual.Find(m.Topic)
		if err != nil {
			return err
		}
		fmt.Print(page.Text)
		return nil
	}
	fmt.Println("The pages of the manual; dialtone manual TOPIC prints one:")
	fmt.Println()
	for _, page := range manual.Pages() {
		fmt.Printf("  %-12s %s\n", page.Topic, page.Summary)
	}
	return nil
}
