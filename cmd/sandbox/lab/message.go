package lab

import (
	"testing"
	"time"
)

// Message is what the API says of a voicemail message.
type Message struct {
	ID, Folder   string
	Heard        bool
	CallerNumber string `json:"caller_number"`
	CallerName   string `json:"caller_name"`
	Time         time.Time
	Seconds      float64
}

// Messages lists the messages of a mailbox.
func (l *Lab) Messages(t *testing.T, mailbox string) (all []Message) {
	t.Helper()
	after := ""
	for {
		var page struct {
			Items []Message
			Next  string
		}
		l.Do(t, "GET", Tenant+"/mailboxes/"+mailbox+"/messages?after="+after, nil, &page)
		all = append(all, page.Items...)
		if after = page.Next; after == "" {
			return all
		}
	}
}

// MessageAudio fetches the WAV file of a message.
func (l *Lab) MessageAudio(t *testing.T, mailbox, id string) []byte {
	t.Helper()
	return []byte(l.Get(t, Tenant+"/mailboxes/"+mailbox+"/messages/"+id+"/audio"))
}
