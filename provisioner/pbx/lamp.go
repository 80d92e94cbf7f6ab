package pbx

// A lamp shows whether a setting of an extension is on. Phones watch it at the code
// with the number of the extension behind it, such as *78101; what a key dials
// behind a ToggleMark counts as well. Its state is a device state that the controller
// keeps in Asterisk, as the hints of HintContext say.

// LampPrefix begins the names of these device states; no other program's do.
const LampPrefix = "Stasis:dialtone."

// LampFeatures are those with a lamp.
var LampFeatures = []Feature{FeatureDoNotDisturb, FeatureForwardAll, FeatureForwardBusy, FeatureForwardNoAnswer,
	FeatureForwardUnreachable}

// LampDevice is the device state of a lamp.
func LampDevice(f Feature, tenant, number string) string {
	return LampPrefix + string(f) + "." + tenant + "." + number
}

// Lamps are all lamps that are lit: those of extensions that may be watched.
func (s *Snapshot) Lamps() map[string]bool {
	lit := map[string]bool{}
	for _, e := range s.Extensions {
		if !e.Presence {
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
