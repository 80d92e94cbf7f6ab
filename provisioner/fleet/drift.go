package fleet

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// DriftKind is a way in which a phone is not as it should be.
type DriftKind string

// The kinds of drift.
const (
	DriftOldFile    DriftKind = "old-file"       // it holds other bytes than it would get now
	DriftNever      DriftKind = "never-fetched"  // it has fetched nothing, and its window is over
	DriftSilent     DriftKind = "silent"         // it has not asked for days
	DriftFirmware   DriftKind = "firmware"       // it runs another version than the assigned one, or one too old for its files
	DriftModel      DriftKind = "model"          // it calls itself another model
	DriftNewAddress DriftKind = "new-address"    // it asks from elsewhere, since days
	DriftShared     DriftKind = "enrolled-twice" // its enrolment URL was given to two networks
	DriftBroken     DriftKind = "broken"         // its files cannot be made
	DriftTemplate   DriftKind = "template"       // a template of the site's for it fails
	DriftRefused    DriftKind = "refused"        // it asked in vain since it last got through
	DriftHandshake  DriftKind = "handshake"      // a TLS handshake from its address failed since
	DriftOverrides  DriftKind = "overrides"      // parameters were set at the phone itself
)

// DriftKinds are all kinds, in the order in which a phone's are listed.
func DriftKinds() []DriftKind {
	return []DriftKind{DriftBroken, DriftTemplate, DriftShared, DriftRefused, DriftHandshake, DriftNever,
		DriftOldFile, DriftOverrides, DriftSilent, DriftModel, DriftFirmware, DriftNewAddress}
}

// DriftReason is one drift of one phone.
type DriftReason struct {
	Kind   DriftKind
	Detail string // a sentence
}

// PhoneDrift is a phone that is not as it should be.
type PhoneDrift struct {
	Phone   *pbx.Phone
	Seen    pbx.PhoneSeen
	Reasons []DriftReason
}

// wantedFiles are the files that a phone should hold.
type wantedFiles struct {
	hashes   map[string]string // by file name
	firmware string            // the file that the phone's model is to run, "" if not assigned
	err      error             // why one of the files cannot be made
}

// wanted returns the files that a phone would get now. After an error it has not all.
func (o Options) wanted(s *pbx.Snapshot, p *pbx.Phone) wantedFiles {
	out := wantedFiles{hashes: map[string]string{}, firmware: s.SettingsOf(p.Tenant).FirmwareOf(p.Model)}
	for _, name := range phoneconf.Files(s, p) {
		if strings.HasSuffix(string(name), ".xml") {
			continue // a phonebook, which phones fetch at times of their own
		}
		hash, err := o.Hash(s, p, name)
		if err != nil {
			out.err = err
			break
		}
		out.hashes[string(name)] = hash
	}
	return out
}

// Drift lists by MAC the phones of a tenant that differ from their configuration.
//
// It begins behind the MAC after ("" for the first) and lists at most limit phones (0 for
// all). days is how long a phone may be silent and for how long an address counts as new.
// No kinds means all kinds. An unknown tenant is a NotFound error.
func (f *Fleet) Drift(tenant string, days int, kinds []DriftKind, after pbx.MAC, limit int) ([]PhoneDrift, error) {
	s, now := f.o.Snapshot(), time.Now()
	if s.Tenant(tenant) == nil {
		return nil, pbx.NotFoundf("tenant %s does not exist", tenant)
	}
	var out []PhoneDrift
	for _, p := range s.Phones {
		if p.Tenant != tenant || p.MAC <= after {
			continue
		}
		d := PhoneDrift{Phone: p, Seen: f.Seen.Of(p)}
		want := f.o.wanted(s, p)
		patience := time.Duration(days) * 24 * time.Hour
		d.Reasons = slices.Concat(f.Templates.drift(p, want), f.Refused.drift(p, d.Seen, now, patience),
			driftOf(p, d.Seen, want, now, patience), f.Uploads.drift(p))
		if len(kinds) > 0 {
			d.Reasons = slices.DeleteFunc(d.Reasons, func(r DriftReason) bool { return !slices.Contains(kinds, r.Kind) })
		}
		if len(d.Reasons) == 0 {
			continue
		}
		if out = append(out, d); len(out) == limit {
			break
		}
	}
	return out, nil
}

// driftOf compares the files that a phone should hold with its requests.
func driftOf(p *pbx.Phone, seen pbx.PhoneSeen, want wantedFiles, now time.Time,
	patience time.Duration) (out []DriftReason) {
	add := func(k DriftKind, format string, args ...any) { out = append(out, reason(k, format, args...)...) }
	if _, site := phoneconf.SiteFault(want.err); want.err != nil && !site {
		add(DriftBroken, "its files cannot be made: %v", want.err)
	}
	if seen.GivenAlso.IsValid() && now.Sub(seen.GivenAlsoAt) < patience {
		add(DriftShared, "its enrolment URL was given to %s and to %s: if one of them is not the phone, enrol it again "+
			"and forget its URL (POST …/enrol?forget=true)",
			seen.GivenTo, seen.GivenAlso)
	}
	switch {
	case seen.FetchedAt.IsZero():
		if !now.Before(p.EnrolUntil) {
			add(DriftNever, "it never fetched a file, and its enrolment window is over")
		}
		return out
	case want.err == nil:
		if old := oldFiles(p, seen, want); len(old) > 0 {
			add(DriftOldFile, "it does not hold the present %s", strings.Join(old, ", "))
		}
	}
	if silent := now.Sub(seen.SeenAt); silent >= patience {
		add(DriftSilent, "it has not asked for %d days", int(silent.Hours()/24))
	}
	out = append(out, softwareDrift(p, seen.UserAgent, want.firmware)...)
	if seen.FormerAddress.IsValid() && now.Sub(seen.AddressSince) < patience {
		add(DriftNewAddress, "it asks from %s, before from %s", seen.Address, seen.FormerAddress)
	}
	return out
}

// reason is a list of one reason.
func reason(k DriftKind, format string, args ...any) []DriftReason {
	return []DriftReason{{k, fmt.Sprintf(format, args...)}}
}

// oldFiles returns the files that the phone holds in an old version. A file that it never
// fetched counts only if it is the one with its accounts.
func oldFiles(p *pbx.Phone, seen pbx.PhoneSeen, want wantedFiles) []string {
	var out []string
	for name, hash := range want.hashes {
		if has := seen.Files[name]; has != hash && (has != "" || phoneconf.IsFull(p, phoneconf.FileName(name))) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// firmwareVersion matches a version in the name of a firmware file, as makers write it.
var firmwareVersion = regexp.MustCompile(`[0-9]+(\.[0-9]+){3}`)

// softwareDrift compares the User-Agent of a phone with its model and firmware.
//
// The firmware that it should run is the version in the name of the assigned file. If
// there is no such version, it is any that understands its files.
func softwareDrift(p *pbx.Phone, agent, assigned string) []DriftReason {
	vendor, model, firmware, _ := phoneconf.Identify(agent)
	if vendor == "" {
		return nil
	}
	m, ok := phoneconf.Lookup(p.Vendor, p.Model)
	says, known := phoneconf.Lookup(vendor, model)
	if vendor != p.Vendor || known && says.Name != m.Name || !known && !strings.EqualFold(model, p.Model) {
		return reason(DriftModel, "it calls itself %s %s and is configured as %s %s", vendor, model, p.Vendor, p.Model)
	}
	if version := firmwareVersion.FindString(path.Base(assigned)); version != "" {
		if firmware == version {
			return nil
		}
		return reason(DriftFirmware, "it runs firmware %s and is to run %s", firmware, path.Base(assigned))
	}
	if need := m.NeedsBranch(); ok && phoneconf.BranchBelow(vendor, firmware, need) {
		return reason(DriftFirmware, "it runs firmware %s, and its files need %s or newer", firmware, need)
	}
	return nil
}
