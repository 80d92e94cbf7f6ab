package apply

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Asterisk is asked for the modules of codecs that a tenant wants, and for no others. Files
// and warnings follow its answer, also when a module is loaded later.
func TestCodecsFollowTheModulesOfAsterisk(t *testing.T) {
	l := newLab(t)
	var opus atomic.Bool
	l.asterisk.Handle("ModuleCheck", func(c *amitest.Conn, a amitest.Action) {
		if opus.Load() && a.Get("Module") == "codec_opus_open_source" {
			c.Reply(a, "Version", "")
			return
		}
		c.ReplyError(a, "Module not loaded")
	})
	l.start()
	l.extension("101", "Anna")
	l.applied()
	if asked := l.asterisk.Actions("ModuleCheck"); len(asked) != 0 {
		t.Errorf("with codecs that every Asterisk has it asks for %v", asked)
	}
	settings := pbx.DefaultPhoneSettings(pbx.DefaultTenant)
	settings.Codecs = []string{"opus", "pcma"}
	l.put(settings)
	l.applied()
	if s := l.State(); len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "codec opus is not used") {
		t.Errorf("without a module: %q", s.Warnings)
	}
	if !strings.Contains(l.file("pjsip.conf"), "\nallow = !all,alaw\n") {
		t.Error("without a module: the file does not have A-law alone")
	}
	opus.Store(true)
	l.extension("102", "Berta")
	l.applied()
	if s := l.State(); len(s.Warnings) != 0 || !strings.Contains(l.file("pjsip.conf"), "\nallow = !all,opus,alaw\n") {
		t.Errorf("with a module: %q, and the file has no Opus", s.Warnings)
	}
	if asked := l.asterisk.Actions("ModuleCheck"); slices.ContainsFunc(asked, func(a amitest.Action) bool {
		return !strings.HasPrefix(a.Get("Module"), "codec_opus")
	}) {
		t.Errorf("it asks for %v", asked)
	}
}
