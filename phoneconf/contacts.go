package phoneconf

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// contactList is a Polycom's directory as the phone writes it, with fields that are not
// ours (UCS administrator's guide, local contact directory file).
type contactList struct {
	XMLName xml.Name      `xml:"directory"`
	Items   []contactItem `xml:"item_list>item"`
}

type contactItem struct {
	Fields []contactField `xml:",any"`
}

type contactField struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

// The fields of an entry that are looked at here.
const (
	contactNumber    = "ct"
	contactSpeedDial = "sd"
)

// asMade are values that a field of an entry has while nobody changed it.
var asMade = []string{"", "0", "1", "default", "ringerdefault"}

// MergeContacts joins the directory that is rendered for a Polycom with the one that the
// phone sent. The phone has one file for both, and takes the server's at each boot.
//
// A number stands there once. Of a number that is rendered, name and speed dial are the
// rendered ones, and what the user added stays: a speed dial where there is none, a ring
// tone. Other entries stay as they are; a speed dial of theirs that a key needs becomes
// the next free one. Colleagues are left out beyond what the model shows, entries of the
// user never. Not ok means that one of the two cannot be read.
func MergeContacts(p *pbx.Phone, rendered, sent []byte) (merged []byte, ok bool) {
	var ours, theirs contactList
	if xml.Unmarshal(rendered, &ours) != nil || xml.Unmarshal(sent, &theirs) != nil {
		return nil, false
	}
	byNumber, dials := map[string]*contactItem{}, map[string]bool{}
	for i := range ours.Items {
		o := &ours.Items[i]
		byNumber[o.get(contactNumber)] = o
		dials[o.get(contactSpeedDial)] = true
	}
	var keys, own, people []contactItem
	for _, t := range theirs.Items {
		number := t.get(contactNumber)
		o := byNumber[number]
		switch {
		case o != nil && number != "":
			o.add(t, dials)
			continue
		case number != "":
			byNumber[number] = &contactItem{} // a second one of this number adds nothing
		}
		t.moveDial(dials)
		own = append(own, t)
	}
	for _, o := range ours.Items {
		if o.get(contactSpeedDial) != "" {
			keys = append(keys, o)
		} else {
			people = append(people, o)
		}
	}
	room := max(0, directoryMost(p.Vendor, p.Model)-len(keys)-len(own))
	return writeContacts(slices.Concat(keys, own, people[:min(room, len(people))])), true
}

// OwnContacts is the part of a directory that a Polycom sent which is its user's: entries
// that are not rendered, and rendered ones to which the user added something. So a
// colleague who leaves does not stay as an entry of the user's. A file that cannot be read
// is returned as it is. People hidden since the phone got its directory are not its user's
// either.
func OwnContacts(s *pbx.Snapshot, tenant string, rendered, sent []byte) []byte {
	var ours, theirs contactList
	if xml.Unmarshal(rendered, &ours) != nil || xml.Unmarshal(sent, &theirs) != nil {
		return sent
	}
	byNumber := map[string]*contactItem{}
	for _, e := range s.ExtensionsOf(tenant) {
		if e.Hidden {
			byNumber[e.Number] = &contactItem{}
		}
	}
	for i := range ours.Items {
		byNumber[ours.Items[i].get(contactNumber)] = &ours.Items[i]
	}
	return writeContacts(slices.DeleteFunc(theirs.Items, func(t contactItem) bool {
		o := byNumber[t.get(contactNumber)]
		return o != nil && !slices.ContainsFunc(t.Fields, func(f contactField) bool { return o.lacks(f) })
	}))
}

// directoryMost is how many entries a model's directory shows.
func directoryMost(v pbx.Vendor, model string) int {
	if m, ok := Lookup(v, model); ok && m.Era != PolycomUCS {
		return oldDirectoryItems
	}
	return directoryEntries
}

func (c *contactItem) get(name string) string {
	for _, f := range c.Fields {
		if f.XMLName.Local == name {
			return strings.TrimSpace(f.Text)
		}
	}
	return ""
}

// lacks reports whether a field of the user's entry says more than the rendered entry. A
// name does not: the rendered one is the name.
func (c *contactItem) lacks(f contactField) bool {
	name, text := f.XMLName.Local, strings.TrimSpace(f.Text)
	if name == contactSpeedDial {
		return text != "" && c.get(name) == ""
	}
	return name != contactNumber && name != "fn" && name != "ln" && c.get(name) == "" && !slices.Contains(asMade, text)
}

// add takes over what the user's entry of the same number says beyond the rendered one.
func (c *contactItem) add(user contactItem, dials map[string]bool) {
	if len(c.Fields) == 0 { // the number is an entry of the user's already
		return
	}
	if c.get(contactSpeedDial) == "" {
		user.moveDial(dials)
	}
	for _, f := range user.Fields {
		if c.lacks(f) {
			c.Fields = append(c.Fields, f)
		}
	}
}

// moveDial makes the speed dial of an entry the next that is free, and takes it.
func (c *contactItem) moveDial(dials map[string]bool) {
	for i, f := range c.Fields {
		text := strings.TrimSpace(f.Text)
		if f.XMLName.Local != contactSpeedDial || text == "" {
			continue
		}
		if n, err := strconv.Atoi(text); err == nil {
			for dials[strconv.Itoa(n)] {
				n++
			}
			text = strconv.Itoa(n)
		}
		dials[text] = true
		c.Fields[i].Text = text
	}
}

// writeContacts writes a directory as renderDirectory does.
func writeContacts(items []contactItem) []byte {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<directory>\n<item_list>\n")
	for _, item := range items {
		b.WriteString("<item>")
		for _, f := range item.Fields {
			fmt.Fprintf(&b, "<%s>", f.XMLName.Local)
			_ = xml.EscapeText(&b, []byte(strings.TrimSpace(f.Text))) // a Buffer takes all
			fmt.Fprintf(&b, "</%s>", f.XMLName.Local)
		}
		b.WriteString("</item>\n")
	}
	b.WriteString("</item_list>\n</directory>\n")
	return b.Bytes()
}
