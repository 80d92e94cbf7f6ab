package pbx

import "time"

func (s *Snapshot) indexUsers() {
	s.userOfExtension, s.userOfMailbox = make(map[key]*User, len(s.Users)), make(map[key]*User, len(s.Users))
	for _, u := range s.Users {
		if u.Extension != "" {
			s.userOfExtension[key{u.Tenant, u.Extension}] = u
		}
	}
	s.indexMailboxOwners()
}

// indexMailboxOwners finds the owner of a mailbox: the user of the extension with its
// number, or of the first extension that uses it. Extensions are sorted.
func (s *Snapshot) indexMailboxOwners() {
	for _, e := range s.Extensions {
		u := s.userOfExtension[key{e.Tenant, e.Number}]
		if u == nil || e.Mailbox == "" {
			continue
		}
		if box := (key{e.Tenant, e.Mailbox}); s.userOfMailbox[box] == nil || e.Number == e.Mailbox {
			s.userOfMailbox[box] = u
		}
	}
}

// User returns the user of a tenant, or nil.
func (s *Snapshot) User(tenant, username string) *User { return s.users[key{tenant, username}] }

// UserOf returns the user whose main extension that is, or nil.
func (s *Snapshot) UserOf(tenant, extension string) *User {
	return s.userOfExtension[key{tenant, extension}]
}

// OwnerOfMailbox returns the user who hears a mailbox, or nil.
func (s *Snapshot) OwnerOfMailbox(tenant, number string) *User {
	return s.userOfMailbox[key{tenant, number}]
}

// ZoneOfMailbox returns the time zone in which a mailbox tells times: its own, else that of its
// user, else the tenant's.
func (s *Snapshot) ZoneOfMailbox(tenant, number string) *time.Location {
	name := ""
	if t := s.Tenant(tenant); t != nil {
		name = t.Timezone
	}
	if u := s.OwnerOfMailbox(tenant, number); u != nil && u.Timezone != "" {
		name = u.Timezone
	}
	if m := s.Mailbox(tenant, number); m != nil && m.Timezone != "" {
		name = m.Timezone
	}
	return locationOf(name)
}

// DeskOf returns the shared device that a user has signed in on, or nil.
func (s *Snapshot) DeskOf(u *User) *Device {
	if u.Extension == "" {
		return nil
	}
	for _, d := range s.DevicesOf(u.Tenant, u.Extension) {
		if d.Shared {
			return d
		}
	}
	return nil
}
