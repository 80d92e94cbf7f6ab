package main

import (
	_ "embed"
	"fmt"
	"os"
)

//go:generate go run licences_make.go

// licences holds the notices of all that is linked into this program. TestLicences
// compares its list of modules with a built program's.
//
//go:embed licences.txt
var licences string

func printLicences() error {
	if _, err := fmt.Fprint(os.Stdout, licences); err != nil {
		return fmt.Errorf("printing the licences: %w", err)
	}
	return nil
}
