package pbx

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Message is a voicemail message, a file of Asterisk's in a folder of a mailbox.
type Message struct {
	ID           string // Asterisk's msg_id; it stays when the message is moved
	Folder       Folder
	CallerNumber string // "" when it is not known
	CallerName   string
	Time         time.Time // when the caller began to speak, in UTC
	Seconds      float64   // how long it plays
	Bytes        int64     // of its WAV file; 0 when Asterisk keeps another format only
}

// Folder is a folder of a mailbox, as the API names it.
type Folder string

// The folders that rules name. A message is heard when it is in another one than the first two.
const (
	FolderNew     Folder = "new"
	FolderUrgent  Folder = "urgent"
	FolderOld     Folder = "old"
	FolderDeleted Folder = "deleted"
)

// folders are all folders and their names in the spool (apps/app_voicemail.c, mailbox_folders).
var folders = []struct {
	folder Folder
	spool  string
}{{FolderNew, "INBOX"}, {FolderUrgent, "Urgent"}, {FolderOld, "Old"}, {"work", "Work"}, {"family", "Family"},
	{"friends", "Friends"}, {"cust1", "Cust1"}, {"cust2", "Cust2"}, {"cust3", "Cust3"}, {"cust4", "Cust4"},
	{"cust5", "Cust5"}, {FolderDeleted, "Deleted"}}

// Folders returns all folders of a mailbox.
func Folders() (all []Folder) {
	for _, f := range folders {
		all = append(all, f.folder)
	}
	return all
}

// Spool returns the folder's name in Asterisk's spool, "" for one that does not exist.
func (f Folder) Spool() string {
	if i := slices.IndexFunc(folders, func(known struct {
		folder Folder
		spool  string
	}) bool {
		return known.folder == f
	}); i >= 0 {
		return folders[i].spool
	}
	return ""
}

// Heard reports whether messages in the folder count as heard.
func (f Folder) Heard() bool { return f != FolderNew && f != FolderUrgent }

// messageID is what app_voicemail makes: the time in seconds and a counter.
var messageID = regexp.MustCompile(`^[0-9]{1,12}-[0-9a-f]{8,16}$`)

// CheckMessageID refuses what is not the id of a message.
func CheckMessageID(field, s string) *Error {
	if !messageID.MatchString(s) {
		return Invalidf(field, "%s is not the id of a message, such as 1795992451-00000000", quote(s))
	}
	return nil
}

// PlainText makes text of others fit for people and files: at most max characters of valid
// UTF-8, on one line. What CheckText refuses becomes a space.
func PlainText(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar ||
			r == '\ufffe' || r == '\uffff' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > max {
		s = strings.TrimSpace(string(r[:max]))
	}
	return s
}

// MessagesAfter returns those of messages, oldest first, that come after the one with an id. It
// need not exist any more: its id begins with its time.
func MessagesAfter(all []*Message, id string) []*Message {
	if id == "" {
		return all
	}
	if i := slices.IndexFunc(all, func(m *Message) bool { return m.ID == id }); i >= 0 {
		return all[i+1:]
	}
	at, counter, _ := strings.Cut(id, "-")
	seconds, _ := strconv.ParseInt(at, 10, 64)
	from := slices.IndexFunc(all, func(m *Message) bool {
		after := m.Stored().Unix() - seconds
		_, n, _ := strings.Cut(m.ID, "-")
		return after > 0 || after == 0 && n > counter
	})
	if from < 0 {
		return nil
	}
	return all[from:]
}

// Stored is when Asterisk put the message, or the message that it is a copy of, into a mailbox.
func (m *Message) Stored() time.Time {
	at, _, _ := strings.Cut(m.ID, "-")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return m.Time
	}
	return time.Unix(seconds, 0).UTC()
}
