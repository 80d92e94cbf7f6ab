package asteriskconf

import (
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// maxMailboxName is what Asterisk keeps of a mailbox's full name, in bytes
// (apps/app_voicemail.c, struct ast_vm_user: 80 with the terminating zero).
const maxMailboxName = 79

// vmComma stands for a comma: voicemail.conf separates fields by commas and has
// no way to escape one, and "Doe, Jane" is a common way to write a name.
const vmComma = "‚" // U+201A, looks the same

// vmField is one comma-separated field of a mailbox's line in voicemail.conf.
type vmField struct{ text string }

// newVMField refuses what the line cannot carry and what takes more than max
// bytes; a comma is replaced by vmComma, which takes three bytes.
func newVMField(field, s string, max int) (vmField, *pbx.Error) {
	s = strings.ReplaceAll(s, ",", vmComma)
	if err := checkLine(field, s, max); err != nil {
		return vmField{}, err
	}
	return vmField{s}, nil
}

// newVMPIN refuses what is not 1–79 digits: '-' in front would forbid to change
// it, '*' would be no PIN at all.
func newVMPIN(field, s string) (vmField, *pbx.Error) {
	if s == "" || len(s) > 79 || strings.Trim(s, "0123456789") != "" {
		return vmField{}, pbx.Invalidf(field, "must be digits")
	}
	return vmField{s}, nil
}

// String escapes for the file.
func (f vmField) String() string { return escapeComment(f.text) }
