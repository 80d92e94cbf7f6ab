package pbx

import (
	"cmp"
	"slices"
	"sort"
)

// Rows are all rows of configuration, of all tenants.
type Rows struct {
	Tenants         []*Tenant
	Extensions      []*Extension
	Devices         []*Device
	Phones          []*Phone
	Mailboxes       []*Mailbox
	Users           []*User
	ExternalNumbers []*ExternalNumber
	Contacts        []*Contact
	BlockedCallers  []*BlockedCaller
	Trunks          []*Trunk
	Numbers         []*Number
	Classes         []*ClassOfService
	Forwards        []*Forward
	RingGroups      []*RingGroup
	Announcements   []*Announcement
	Queues          []*Queue
	Applications    []*Application
	FeatureCodes    []*FeatureCodes  // of tenants that changed them
	PhoneSettings   []*PhoneSettings // of tenants that changed them
	ButtonTemplates []*ButtonTemplate
	Resellers       []*Reseller
	Rates           []*Rate
	// PortingIn are numbers of tenants that another carrier may still have.
	PortingIn []string
	Routes    []*OutboundRoute
}

// Snapshot is all desired state at one revision, immutable once built: files,
// phone files and routes are pure functions of it. Slices are sorted by tenant
// and key. Readers must not change what they get.
type Snapshot struct {
	Revision int64
	Rows

	tenants    map[string]*Tenant
	extensions map[key]*Extension
	devices    map[key]*Device
	mailboxes  map[key]*Mailbox
	phones     map[MAC]*Phone
	phoneOf    map[key]*Phone // by the names of devices
	endpoints  map[string]*Device
	rings      map[key][]*Device

	users           map[key]*User
	userOfExtension map[key]*User
	userOfMailbox   map[key]*User

	settings  map[string]*PhoneSettings
	templates map[key]*ButtonTemplate

	numbers        map[key]*ExternalNumber
	trunks         map[key][]*Trunk // by the type of number they reach, in the order in which they are tried
	trunkEndpoints map[string]*Trunk
	routes         map[string]*routeIndex // of each tenant that has some
	ownNumbers     map[key]*Number
	owned          map[string]*Number // of all tenants
	portingIn      map[string]bool    // those of owned that another carrier may still have
	countries      []string           // of tenants that have numbers
	classes        map[key]*ClassOfService
	dialsIn        map[string][]string // countries of each tenant
	dialling       map[string]func() Dialling

	blocked     map[string]blocked
	forwards    map[key]*Forward
	excepted    map[key]func() map[string]bool // callers whom a forward excepts
	ringGroups  map[key]*RingGroup
	ringNumbers map[key]*RingGroup // by number

	announcements map[key]*Announcement
	queues        map[key]*Queue
	queueNumbers  map[key]*Queue   // by number
	queuesOf      map[key][]*Queue // by member
	applications  map[key]*Application
	codes         map[string]*FeatureCodes // of every tenant

	rates   map[string]*rateTable // by owner
	parents map[string]string     // of resellers
}

// key is a natural key within a tenant.
type key struct{ tenant, name string }

// NewSnapshot sorts the given rows and builds the indexes. It keeps the slices.
func NewSnapshot(revision int64, r Rows) *Snapshot {
	s := &Snapshot{Revision: revision, Rows: r}
	s.tenants = make(map[string]*Tenant, len(r.Tenants))
	slices.SortFunc(r.Tenants, func(a, b *Tenant) int { return cmp.Compare(a.Name, b.Name) })
	for _, t := range r.Tenants {
		s.tenants[t.Name] = t
	}
	s.extensions = byKey(r.Extensions, func(e *Extension) key { return key{e.Tenant, e.Number} })
	s.devices = byKey(r.Devices, func(d *Device) key { return key{d.Tenant, d.Name} })
	s.mailboxes = byKey(r.Mailboxes, func(m *Mailbox) key { return key{m.Tenant, m.Number} })
	s.users = byKey(r.Users, func(u *User) key { return key{u.Tenant, u.Username} })
	s.templates = byKey(r.ButtonTemplates, func(t *ButtonTemplate) key { return key{t.Tenant, t.Model} })
	s.numbers = byKey(r.ExternalNumbers, func(n *ExternalNumber) key { return key{n.Tenant, n.Number} })
	byKey(r.Contacts, func(c *Contact) key { return key{c.Tenant, c.Name} })
	byKey(r.BlockedCallers, func(b *BlockedCaller) key { return key{b.Tenant, b.Number} })
	s.ownNumbers = byKey(r.Numbers, func(n *Number) key { return key{n.Tenant, n.Number} })
	s.classes = byKey(r.Classes, func(c *ClassOfService) key { return key{c.Tenant, c.Name} })
	s.forwards = byKey(r.Forwards, func(f *Forward) key { return key{f.Tenant, f.Extension} })
	s.ringGroups = byKey(r.RingGroups, func(g *RingGroup) key { return key{g.Tenant, g.Name} })
	s.announcements = byKey(r.Announcements, func(a *Announcement) key { return key{a.Tenant, a.Name} })
	s.applications = byKey(r.Applications, func(a *Application) key { return key{a.Tenant, a.Name} })
	s.indexPhones()
	s.indexRings()
	s.indexQueues()
	s.indexUsers()
	s.indexCountries()
	s.indexTrunks()
	s.indexRoutes()
	s.indexOwned()
	s.indexRingNumbers()
	s.indexFeatureCodes()
	s.indexDialling()
	s.indexExceptions()
	s.indexBlocked()
	s.indexRates()
	return s
}

// byKey sorts rows by tenant and key, and indexes them.
func byKey[T any](rows []*T, keyOf func(*T) key) map[key]*T {
	slices.SortFunc(rows, func(a, b *T) int {
		x, y := keyOf(a), keyOf(b)
		return cmp.Or(cmp.Compare(x.tenant, y.tenant), cmp.Compare(x.name, y.name))
	})
	out := make(map[key]*T, len(rows))
	for _, row := range rows {
		out[keyOf(row)] = row
	}
	return out
}

// indexPhones sorts phones, which have an address of their own in all tenants, and
// what those of a tenant have in common.
func (s *Snapshot) indexPhones() {
	byKey(s.Phones, func(p *Phone) key { return key{p.Tenant, string(p.MAC)} })
	s.phones = make(map[MAC]*Phone, len(s.Phones))
	s.phoneOf = make(map[key]*Phone, len(s.Devices))
	for _, p := range s.Phones {
		s.phones[p.MAC] = p
		for _, l := range p.Lines {
			s.phoneOf[key{p.Tenant, l.Device}] = p
		}
	}
	slices.SortFunc(s.PhoneSettings, func(a, b *PhoneSettings) int { return cmp.Compare(a.Tenant, b.Tenant) })
	s.settings = make(map[string]*PhoneSettings, len(s.PhoneSettings))
	for _, p := range s.PhoneSettings {
		s.settings[p.Tenant] = p
	}
}

// indexRings finds the devices of each extension.
func (s *Snapshot) indexRings() {
	s.endpoints, s.rings = make(map[string]*Device, len(s.Devices)), make(map[key][]*Device, len(s.Extensions))
	for _, d := range s.Devices {
		s.endpoints[d.Endpoint] = d
		if d.Extension != "" {
			k := key{d.Tenant, d.Extension}
			s.rings[k] = append(s.rings[k], d)
		}
	}
	for _, e := range s.Extensions {
		k := key{e.Tenant, e.Number}
		if d := s.Device(e.Tenant, e.ParentDevice); d != nil && e.Type == TypeSIPVirtual && s.rings[k] == nil {
			s.rings[k] = []*Device{d}
		}
	}
}

// Tenant returns the tenant, or nil.
func (s *Snapshot) Tenant(name string) *Tenant { return s.tenants[name] }

// Extension returns the extension of a tenant, or nil.
func (s *Snapshot) Extension(tenant, number string) *Extension {
	return s.extensions[key{tenant, number}]
}

// Device returns the device of a tenant by name, or nil.
func (s *Snapshot) Device(tenant, name string) *Device { return s.devices[key{tenant, name}] }

// DeviceOf returns the device behind a PJSIP endpoint name, or nil.
func (s *Snapshot) DeviceOf(endpoint string) *Device { return s.endpoints[endpoint] }

// DevicesOf returns the devices of an extension, sorted by name; of a sip-virtual
// one without any its parent device. Which of them may ring, RungBy says.
func (s *Snapshot) DevicesOf(tenant, number string) []*Device { return s.rings[key{tenant, number}] }

// Mailbox returns the mailbox of a tenant, or nil.
func (s *Snapshot) Mailbox(tenant, number string) *Mailbox { return s.mailboxes[key{tenant, number}] }

// Phone returns the phone with that address, or nil.
func (s *Snapshot) Phone(mac MAC) *Phone { return s.phones[mac] }

// SettingsOf returns the phone settings of a tenant, the defaults if it has none.
func (s *Snapshot) SettingsOf(tenant string) *PhoneSettings {
	if p := s.settings[tenant]; p != nil {
		return p
	}
	return DefaultPhoneSettings(tenant)
}

// ButtonsOf returns the buttons of a tenant's template, nil if there is none.
func (s *Snapshot) ButtonsOf(tenant, model string) []Button {
	if t := s.templates[key{tenant, model}]; t != nil {
		return t.Buttons
	}
	return nil
}

// ExtensionsOf returns the extensions of a tenant, by number.
func (s *Snapshot) ExtensionsOf(tenant string) []*Extension {
	first := sort.Search(len(s.Extensions), func(i int) bool { return s.Extensions[i].Tenant >= tenant })
	last := first + sort.Search(len(s.Extensions)-first, func(i int) bool { return s.Extensions[first+i].Tenant > tenant })
	return s.Extensions[first:last]
}

// Forward returns how an extension is forwarded, or nil when it is not.
func (s *Snapshot) Forward(tenant, extension string) *Forward {
	return s.forwards[key{tenant, extension}]
}

func (s *Snapshot) indexRingNumbers() {
	s.ringNumbers = make(map[key]*RingGroup, len(s.RingGroups))
	for _, g := range s.RingGroups {
		s.ringNumbers[key{g.Tenant, g.Number}] = g
	}
}

// RingGroup returns the ring group of a tenant by name, or nil.
func (s *Snapshot) RingGroup(tenant, name string) *RingGroup { return s.ringGroups[key{tenant, name}] }

// RingGroupAt returns the ring group of a tenant by number, or nil.
func (s *Snapshot) RingGroupAt(tenant, number string) *RingGroup {
	return s.ringNumbers[key{tenant, number}]
}
