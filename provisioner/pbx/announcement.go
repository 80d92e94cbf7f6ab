package pbx

import (
	"regexp"
	"strings"
	"time"
)

// Announcement is a sound of a tenant that callers hear.
type Announcement struct {
	Tenant string
	Name   string // key within the tenant: closed
	Title  string // for people; 0–60 characters
	// Sound is the hash under which the sound is kept; "" until one is uploaded.
	Sound    string
	Length   time.Duration // how long the sound plays
	Version  int64
	Revision int64
}

// The most that a tenant may have.
const (
	MaxAnnouncements      = 500
	MaxAnnouncementLength = 5 * time.Hour // in all
)

// OwnSound stands before the hash of a sound of ours, where the name of one of Asterisk could
// stand. Those do not begin so.
const OwnSound = "/"

var soundHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Validate returns all broken rules.
func (a *Announcement) Validate() error {
	var es Errors
	es.Add(CheckName("name", a.Name))
	es.Add(CheckText("title", a.Title, 0, 60, 0))
	if a.Sound != "" {
		es.Add(CheckSound("sound", a.Sound))
	}
	return es.Err()
}

// CheckSound refuses what is not the hash of a sound.
func CheckSound(field, s string) *Error {
	if !soundHash.MatchString(s) {
		return Invalidf(field, "is not the hash of a sound")
	}
	return nil
}

// SoundOfMailbox is the hash of the sound that callers hear before they leave a message; "" where
// it is up to Asterisk.
func (s *Snapshot) SoundOfMailbox(tenant, number string) string {
	if m := s.Mailbox(tenant, number); m != nil && m.Greeting != "" {
		if a := s.Announcement(tenant, m.Greeting); a != nil {
			return a.Sound
		}
	}
	return ""
}

// greet lets mailboxes say their announcements.
func (r routing) greet(p Plan) Plan {
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Kind == StepVoicemail {
			if s.Sound = r.s.SoundOfMailbox(r.c.Tenant, s.Mailbox); s.Sound != "" {
				s.Rule += ", after announcement " + r.s.Mailbox(r.c.Tenant, s.Mailbox).Greeting
			}
		}
	}
	return p
}

// Announcement returns an announcement, or nil.
func (s *Snapshot) Announcement(tenant, name string) *Announcement {
	return s.announcements[key{tenant, name}]
}

// soundPattern is a file below Asterisk's sounds, without language and format.
// Nothing in it has a meaning for Playback.
var soundPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*){0,3}$`)

// checkSoundName refuses what is no sound that callers could hear: announcement:NAME, or a sound
// of Asterisk; "" is nothing.
func checkSoundName(field, name string) *Error {
	if to := OwnSoundOf(name); !to.IsZero() {
		return CheckName(field, to.Key)
	}
	if name == "" {
		return nil
	}
	return checkAsterisksSound(field, name)
}

func checkAsterisksSound(field, name string) *Error {
	if len(name) > 80 || !soundPattern.MatchString(name) {
		return Invalidf(field, "%s is not the name of a sound: use announcement:NAME, or of Asterisk's sounds letters, "+
			"digits, '-', '_' and '/', without language and format", quote(name))
	}
	return nil
}

// OwnSoundOf is the announcement of the tenant that callers hear; zero where the name is that of
// a sound of Asterisk, or "".
func OwnSoundOf(name string) Destination {
	if key, ours := strings.CutPrefix(name, string(ToAnnouncement)+":"); ours {
		return Destination{ToAnnouncement, key}
	}
	return Destination{}
}

// SoundOf is what Playback is told of such a name, see Step.Sound; "" for an announcement that
// has no sound.
func (s *Snapshot) SoundOf(tenant, name string) string {
	to := OwnSoundOf(name)
	if to.IsZero() {
		return name
	}
	if a := s.Announcement(tenant, to.Key); a != nil && a.Sound != "" {
		return OwnSound + a.Sound
	}
	return ""
}
