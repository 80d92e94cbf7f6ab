package pbx

import "slices"

// A lamp shows whether a setting of an extension is on. Phones watch it at the code
// with the number of the extension behind it, such as *78101; what a key dials
// behind a ToggleMark counts as well. Its state is a device state that the controller
// keeps in Asterisk, as the hints of HintContext say. The lamp of an extension itself shows
// what its devices do, and do not disturb as busy.

// LampPrefix begins the names of these device states; no other program's do.
const LampPrefix = "Stasis:dialtone."

// LampFeatures are those with a lamp.
var LampFeatures = []Feature{FeatureDoNotDisturb, FeatureForwardAll, FeatureForwardBusy, FeatureForwardNoAnswer,
	FeatureForwardUnreachable}

// LampDevice is the device state of a lamp.
func LampDevice(f Feature, tenant, number string) string {
	return LampPrefix + string(f) + "." + tenant + "." + number
}

// Lamps are all lamps that are lit: those of extensions that phones or queues may watch.
func (s *Snapshot) Lamps() map[string]bool {
	lit := map[string]bool{}
	for _, e := range s.Extensions {
		if !s.hasWatchers(e) {
			continue
		}
		f := s.Forward(e.Tenant, e.Number)
		for _, feature := range LampFeatures {
			if (Setting{Feature: feature}).On(e, f) {
				lit[LampDevice(feature, e.Tenant, e.Number)] = true
			}
		}
	}
	return lit
}

// Watched are the devices whose state the lamp of an extension shows: those that register.
// Asterisk cannot see whether a number outside is busy.
func (s *Snapshot) Watched(e *Extension) []*Device {
	return slices.DeleteFunc(s.RungBy(e), func(d *Device) bool { return d.Kind == DeviceExternal })
}

// hasWatchers reports whether phones may watch an extension, or queues do.
func (s *Snapshot) hasWatchers(e *Extension) bool {
	return e.Presence || len(s.QueuesOf(e.Tenant, e.Number)) > 0
}

// MovedLamps names the extensions that may be watched and whose devices are others than
// before, each by its device state of do not disturb. Extensions that are new have no
// watchers.
func MovedLamps(before, now *Snapshot) (moved []string) {
	same := func(a, b *Device) bool { return a.Endpoint == b.Endpoint && a.Technology() == b.Technology() }
	for _, e := range now.Extensions {
		was := before.Extension(e.Tenant, e.Number)
		if was != nil && now.hasWatchers(e) && !slices.EqualFunc(before.Watched(was), now.Watched(e), same) {
			moved = append(moved, LampDevice(FeatureDoNotDisturb, e.Tenant, e.Number))
		}
	}
	return moved
}
