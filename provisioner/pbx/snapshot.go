package pbx

import (
	"cmp"
	"slices"
	"sort"
)

// Snapshot is all desired state at one revision, immutable once built: files,
// phone files and routes are pure functions of it. Slices are sorted by tenant
// and key. Readers must not change what they get.
type Snapshot struct {
	Revision   int64
	Tenants    []*Tenant
	Extensions []*Extension
	Devices    []*Device
	Phones     []*Phone
	Mailboxes  []*Mailbox
	Users      []*User // see WithUsers
	// ExternalNumbers and Trunks lead out of a tenant; see SetOutside.
	ExternalNumbers []*ExternalNumber
	Trunks          []*Trunk
	Forwards        []*Forward   // see WithForwards
	RingGroups      []*RingGroup // see WithRingGroups
	// FeatureCodes are those of tenants that changed them; see WithFeatureCodes.
	FeatureCodes []*FeatureCodes

	tenants    map[string]*Tenant
	extensions map[key]*Extension
	devices    map[key]*Device
	mailboxes  map[key]*Mailbox
	phones     map[MAC]*Phone
	endpoints  map[string]*Device
	rings      map[key][]*Device

	users           map[key]*User
	userOfExtension map[key]*User
	userOfMailbox   map[key]*User

	// PhoneSettings and ButtonTemplates are set by WithPhoneDefaults.
	PhoneSettings   []*PhoneSettings
	ButtonTemplates []*ButtonTemplate
	settings        map[string]*PhoneSettings
	templates       map[key]*ButtonTemplate
	numbers         map[key]*ExternalNumber
	trunks          map[key]*Trunk // by the type of number they reach
	forwards        map[key]*Forward
	trunkEndpoints  map[string]*Trunk

	// Numbers and Classes are set by WithNumbers.
	Numbers     []*Number
	Classes     []*ClassOfService
	ownNumbers  map[key]*Number
	sent        map[key]*Number // by what carriers may call them
	classes     map[key]*ClassOfService
	ringGroups  map[key]*RingGroup
	ringNumbers map[key]*RingGroup       // by number
	codes       map[string]*FeatureCodes // of every tenant
}

// key is a natural key within a tenant.
type key struct{ tenant, name string }

// NewSnapshot sorts the given rows and builds the indexes. It keeps the slices.
func NewSnapshot(revision int64, ts []*Tenant, es []*Extension, ds []*Device, ps []*Phone, ms []*Mailbox) *Snapshot {
	s := &Snapshot{Revision: revision, Tenants: ts, Extensions: es, Devices: ds, Phones: ps, Mailboxes: ms,
		tenants: make(map[string]*Tenant, len(ts)), extensions: make(map[key]*Extension, len(es)),
		devices: make(map[key]*Device, len(ds)), mailboxes: make(map[key]*Mailbox, len(ms)),
		phones: make(map[MAC]*Phone, len(ps)), endpoints: make(map[string]*Device, len(ds)), rings: make(map[key][]*Device, len(es)),
		codes: make(map[string]*FeatureCodes, len(ts))}
	slices.SortFunc(ts, func(a, b *Tenant) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(es, func(a, b *Extension) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Number, b.Number))
	})
	slices.SortFunc(ds, func(a, b *Device) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(ps, func(a, b *Phone) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.MAC, b.MAC))
	})
	slices.SortFunc(ms, func(a, b *Mailbox) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Number, b.Number))
	})
	s.index()
	return s
}

func (s *Snapshot) index() {
	usual := DefaultFeatureCodes("")
	for _, t := range s.Tenants {
		s.tenants[t.Name] = t
		codes := *usual
		codes.Tenant, s.codes[t.Name] = t.Name, &codes
	}
	for _, e := range s.Extensions {
		s.extensions[key{e.Tenant, e.Number}] = e
	}
	for _, d := range s.Devices {
		s.devices[key{d.Tenant, d.Name}] = d
		s.endpoints[d.Endpoint] = d
		if d.Extension != "" {
			k := key{d.Tenant, d.Extension}
			s.rings[k] = append(s.rings[k], d)
		}
	}
	for _, e := range s.Extensions {
		if d := s.Device(e.Tenant, e.ParentDevice); d != nil && e.Type == TypeSIPVirtual {
			s.rings[key{e.Tenant, e.Number}] = []*Device{d}
		}
	}
	for _, p := range s.Phones {
		s.phones[p.MAC] = p
	}
	for _, m := range s.Mailboxes {
		s.mailboxes[key{m.Tenant, m.Number}] = m
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
// one its parent device. Which of them may ring, RungBy says.
func (s *Snapshot) DevicesOf(tenant, number string) []*Device { return s.rings[key{tenant, number}] }

// Mailbox returns the mailbox of a tenant, or nil.
func (s *Snapshot) Mailbox(tenant, number string) *Mailbox { return s.mailboxes[key{tenant, number}] }

// Phone returns the phone with that address, or nil.
func (s *Snapshot) Phone(mac MAC) *Phone { return s.phones[mac] }

// WithPhoneDefaults adds what phones of a tenant have in common, before anybody
// reads s. It keeps the slices and returns s.
func (s *Snapshot) WithPhoneDefaults(settings []*PhoneSettings, templates []*ButtonTemplate) *Snapshot {
	s.PhoneSettings, s.ButtonTemplates = settings, templates
	s.settings, s.templates = make(map[string]*PhoneSettings, len(settings)), make(map[key]*ButtonTemplate, len(templates))
	slices.SortFunc(settings, func(a, b *PhoneSettings) int { return cmp.Compare(a.Tenant, b.Tenant) })
	slices.SortFunc(templates, func(a, b *ButtonTemplate) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Model, b.Model))
	})
	for _, p := range settings {
		s.settings[p.Tenant] = p
	}
	for _, t := range templates {
		s.templates[key{t.Tenant, t.Model}] = t
	}
	return s
}

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

// WithForwards adds the forwards, before anybody reads s. It keeps the slice and
// returns s.
func (s *Snapshot) WithForwards(fs []*Forward) *Snapshot {
	s.Forwards, s.forwards = fs, make(map[key]*Forward, len(fs))
	slices.SortFunc(fs, func(a, b *Forward) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Extension, b.Extension))
	})
	for _, f := range fs {
		s.forwards[key{f.Tenant, f.Extension}] = f
	}
	return s
}

// Forward returns how an extension is forwarded, or nil when it is not.
func (s *Snapshot) Forward(tenant, extension string) *Forward {
	return s.forwards[key{tenant, extension}]
}

// WithRingGroups adds the ring groups, before anybody reads s. It keeps the slice
// and returns s.
func (s *Snapshot) WithRingGroups(gs []*RingGroup) *Snapshot {
	s.RingGroups, s.ringGroups, s.ringNumbers = gs, make(map[key]*RingGroup, len(gs)), make(map[key]*RingGroup, len(gs))
	slices.SortFunc(gs, func(a, b *RingGroup) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name))
	})
	for _, g := range gs {
		s.ringGroups[key{g.Tenant, g.Name}], s.ringNumbers[key{g.Tenant, g.Number}] = g, g
	}
	return s
}

// RingGroup returns the ring group of a tenant by name, or nil.
func (s *Snapshot) RingGroup(tenant, name string) *RingGroup { return s.ringGroups[key{tenant, name}] }

// RingGroupAt returns the ring group of a tenant by number, or nil.
func (s *Snapshot) RingGroupAt(tenant, number string) *RingGroup {
	return s.ringNumbers[key{tenant, number}]
}
