package pbx

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxMusic is how many announcements play one after the other as music on hold.
const maxMusic = 20

// Music is music on hold: sounds that are played one after the other, and again.
type Music struct {
	// Class is its name for Asterisk. It changes with the sounds, so that a change cuts off no call that hears it.
	Class  string
	Sounds []string // hashes, in their order
}

const musicPrefix = "dialtone-"

var musicClass = regexp.MustCompile(`^` + musicPrefix + `[0-9a-f]{32}$`)

// IsMusicClass reports whether a name is that of a class of ours.
func IsMusicClass(name string) bool { return musicClass.MatchString(name) }

func checkMusic(es *Errors, names []string) {
	if len(names) > maxMusic {
		es.Add(Invalidf("music", "has %d announcements, at most %d are allowed", len(names), maxMusic))
	}
	for i, name := range names {
		field := fmt.Sprintf("music[%d]", i)
		es.Add(CheckName(field, name))
		if slices.Contains(names[:i], name) {
			es.Add(Invalidf(field, "%s is in the list already", quote(name)))
		}
	}
}

// music is what the first of several lists plays that has a sound; zero is Asterisk's own music.
func (s *Snapshot) music(tenant string, lists ...[]string) Music {
	for _, names := range lists {
		var m Music
		for _, name := range names {
			if a := s.Announcement(tenant, name); a != nil && a.Sound != "" {
				m.Sounds = append(m.Sounds, a.Sound)
			}
		}
		if len(m.Sounds) > 0 {
			sum := sha256.Sum256([]byte(strings.Join(m.Sounds, " ")))
			m.Class = musicPrefix + hex.EncodeToString(sum[:16])
			return m
		}
	}
	return Music{}
}

// MusicOfTenant is the music of a tenant where extensions and ring groups have none of their own.
func (s *Snapshot) MusicOfTenant(tenant string) Music {
	return s.music(tenant, s.tenantMusic(tenant))
}

// MusicOfExtension is what calls hear on hold at the phones of an extension: its own music, or the
// tenant's. A number that no extension has gives the tenant's.
func (s *Snapshot) MusicOfExtension(tenant, number string) Music {
	var own []string
	if e := s.Extension(tenant, number); e != nil {
		own = e.Music
	}
	return s.music(tenant, own, s.tenantMusic(tenant))
}

// MusicOfGroup is what waiting callers of a ring group hear: its own, or the tenant's.
func (s *Snapshot) MusicOfGroup(g *RingGroup) Music {
	return s.music(g.Tenant, g.Music, s.tenantMusic(g.Tenant))
}

func (s *Snapshot) tenantMusic(tenant string) []string {
	if t := s.Tenant(tenant); t != nil {
		return t.Music
	}
	return nil
}

// AllMusic is the music of all tenants, extensions and ring groups, by class, each class once.
func (s *Snapshot) AllMusic() []Music {
	byClass := map[string]Music{}
	add := func(m Music) {
		if m.Class != "" {
			byClass[m.Class] = m
		}
	}
	for _, t := range s.Tenants {
		add(s.MusicOfTenant(t.Name))
	}
	for _, e := range s.Extensions {
		if len(e.Music) > 0 {
			add(s.MusicOfExtension(e.Tenant, e.Number))
		}
	}
	for _, g := range s.RingGroups {
		add(s.MusicOfGroup(g))
	}
	out := make([]Music, 0, len(byClass))
	for _, m := range byClass {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Music) int { return strings.Compare(a.Class, b.Class) })
	return out
}
