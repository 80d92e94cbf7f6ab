package apply

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// An Asterisk without chan_iax2 runs everything else, and people hear what is
// missing for as long as it is; without such a device it is not even asked.
func TestMissingModuleIsAWarning(t *testing.T) {
	l := newLab(t)
	l.asterisk.Handle("Reload", func(c *amitest.Conn, a amitest.Action) {
		if module := a.Get("Module"); module == "chan_iax2.so" || module == "chan_dahdi.so" {
			c.ReplyError(a, "No such module")
			return
		}
		l.asterisk.ReloadModule(a.Get("Module"))
		c.Reply(a, "Message", "Module Reloaded")
	})
	l.start()
	l.extension("101", "Anna")
	l.applied()
	if s := l.State(); len(s.Warnings) != 0 {
		t.Errorf("without devices it warns of %q", s.Warnings)
	}
	for _, a := range l.asterisk.Actions("Reload") {
		if m := a.Get("Module"); strings.HasPrefix(m, "chan_") {
			t.Errorf("it reloaded %s for nothing", m)
		}
	}
	l.put(&pbx.Extension{Tenant: pbx.DefaultTenant, Number: "300", Name: "Ida", RingSeconds: 20, Type: pbx.TypeIAX2, Presence: true})
	l.put(&pbx.Device{Tenant: pbx.DefaultTenant, Name: "iax", Kind: pbx.DeviceIAX2, Extension: "300", Endpoint: "diax", Secret: pbx.NewDeviceSecret()})
	l.applied()
	if s := l.State(); len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "does not run chan_iax2.so") || s.Error != "" {
		t.Errorf("state %+v", s)
	}
	if !strings.Contains(l.file("iax.conf"), "[diax]") || !strings.Contains(l.file("extensions.conf"), "Dial(IAX2/diax") {
		t.Error("the files do not have the device")
	}
	l.edit(func(ctx context.Context, tx *db.Tx) error { return tx.DeleteDevice(ctx, pbx.DefaultTenant, "iax") })
	l.applied()
	if s := l.State(); len(s.Warnings) != 0 {
		t.Errorf("after the delete it warns of %q", s.Warnings)
	}
}

// An Asterisk whose iax.conf does not pull ours in takes the reload, and nothing
// of it.
func TestFileNotPulledInIsAWarning(t *testing.T) {
	l := newLab(t).start()
	l.put(&pbx.Extension{Tenant: pbx.DefaultTenant, Number: "300", Name: "Ida", RingSeconds: 20, Type: pbx.TypeIAX2, Presence: true})
	l.put(&pbx.Device{Tenant: pbx.DefaultTenant, Name: "iax", Kind: pbx.DeviceIAX2, Extension: "300", Endpoint: "diax", Secret: pbx.NewDeviceSecret()})
	l.applied()
	if s := l.State(); len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "does not take dialtone/iax.conf") {
		t.Errorf("state %+v", s)
	}
}

// A module that did not start for want of something to do is started, and one that the
// host's file keeps from reading ours is a warning.
func TestLinesOfCallsAreTurnedOn(t *testing.T) {
	l := newLab(t)
	l.asterisk.Handle("Reload", func(c *amitest.Conn, a amitest.Action) {
		if a.Get("Module") == "cdr_custom.so" && len(l.asterisk.Actions("ModuleLoad")) == 0 {
			c.ReplyError(a, "Module not initialized")
			return
		}
		l.asterisk.ReloadModule(a.Get("Module"))
		c.Reply(a, "Message", "Module Reloaded")
	})
	l.asterisk.Handle("ModuleLoad", func(c *amitest.Conn, a amitest.Action) { c.Reply(a, "Message", "Module Loaded") })
	host := filepath.Join(filepath.Dir(l.config), "cdr_custom.conf")
	if err := os.WriteFile(host, []byte("[mappings]\n[other]\n#tryinclude dialtone/cdr_custom.conf\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.start()
	l.extension("101", "Anna")
	l.applied()
	if got := l.asterisk.Actions("ModuleLoad"); len(got) != 1 || got[0].Get("Module") != "cdr_custom.so" || got[0].Get("LoadType") != "load" {
		t.Errorf("loaded %v", got)
	}
	if s := l.State(); len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "does not take dialtone/cdr_custom.conf") {
		t.Errorf("with the line in another section: %+v", s)
	}
	if err := os.WriteFile(host, []byte("[mappings] ; ours\n  #include \"dialtone/cdr_custom.conf\" ; calls\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.extension("102", "Bob")
	l.applied()
	if s := l.State(); len(s.Warnings) != 0 {
		t.Errorf("with the line: %+v", s)
	}
}
