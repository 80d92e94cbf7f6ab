package amitest

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Asterisk is a Server that loads files of ours when it is told to. It shows their
// markers and endpoints as the real one does.
type Asterisk struct {
	*Server
	dir string

	script  sync.Mutex        // guards what follows
	loaded  map[string]string // file → text in force
	reloads []string          // modules, in order
	refuse  string            // a text whose file is not loaded
	without string            // an endpoint left out although its file is loaded
}

// Files says which of our files a module reads.
var Files = map[string]string{"res_pjsip.so": "pjsip.conf", "pbx_config.so": "extensions.conf",
	"app_voicemail.so": "voicemail.conf", "res_parking.so": "res_parking.conf"}

// NewAsterisk starts one that reads from dir and ends with the test.
func NewAsterisk(t testing.TB, dir string) *Asterisk {
	s := &Asterisk{Server: NewServer(t), dir: dir, loaded: map[string]string{}}
	s.Handle("Reload", func(c *Conn, a Action) {
		s.ReloadModule(a.Get("Module"))
		c.Reply(a, "Message", "Module Reloaded")
	})
	s.Handle("PJSIPShowEndpoint", func(c *Conn, a Action) {
		name := a.Get("Endpoint")
		if text := s.Text("pjsip.conf"); !strings.Contains(text, "\n["+name+"]") || name == s.missing() {
			c.ReplyError(a, "Unable to retrieve endpoint "+name+"\n")
			return
		}
		c.ReplyList(a, "EndpointDetail", "EndpointDetailComplete", []string{"ObjectName", name, "Accountcode",
			s.marker("pjsip.conf", `accountcode = ([0-9a-f]{64})`)})
	})
	s.Handle("Getvar", func(c *Conn, a Action) {
		if value, is := Config(dir, a.Get("Variable")); is {
			c.Reply(a, "Variable", a.Get("Variable"), "Value", value)
			return
		}
		value := "0"
		for _, hash := range []string{s.marker("extensions.conf", `exten => ([0-9a-f]{64}),1`),
			s.marker("res_parking.conf", `parkext = ([0-9a-f]{64})`)} {
			if hash != "" && strings.Contains(a.Get("Variable"), hash) {
				value = "1"
			}
		}
		c.Reply(a, "Variable", a.Get("Variable"), "Value", value)
	})
	s.Handle("VoicemailUserStatus", func(c *Conn, a Action) {
		c.ReplyList(a, "VoicemailUserDetail", "VoicemailUserDetailComplete",
			[]string{"VoicemailBox", a.Get("Mailbox"), "Fullname", s.marker("voicemail.conf", `0000000000,([0-9a-f]{64})`)})
	})
	return s
}

// load reads one file, or keeps what it has when the file is one to refuse. It is
// called with script held.
func (s *Asterisk) load(file string) {
	content, err := os.ReadFile(filepath.Join(s.dir, file))
	if err == nil && (s.refuse == "" || !bytes.Contains(content, []byte(s.refuse))) {
		s.loaded[file] = string(content)
	}
}

// Restart is what a restarted Asterisk does: it forgets and loads what is there.
func (s *Asterisk) Restart() {
	s.Away()
	s.script.Lock()
	s.loaded = map[string]string{}
	for _, file := range Files {
		s.load(file)
	}
	s.script.Unlock()
	s.Back()
}

// Text is the text of a file in force.
func (s *Asterisk) Text(file string) string {
	s.script.Lock()
	defer s.script.Unlock()
	return s.loaded[file]
}

func (s *Asterisk) missing() string {
	s.script.Lock()
	defer s.script.Unlock()
	return s.without
}

func (s *Asterisk) marker(file, pattern string) string {
	m := regexp.MustCompile(pattern).FindStringSubmatch(s.Text(file))
	if m == nil {
		return ""
	}
	return m[1]
}

// Refuses makes it keep the old file when the new one has this text.
func (s *Asterisk) Refuses(text string) {
	s.script.Lock()
	defer s.script.Unlock()
	s.refuse = text
}

// Omits makes it leave one endpoint out.
func (s *Asterisk) Omits(endpoint string) {
	s.script.Lock()
	defer s.script.Unlock()
	s.without = endpoint
}

// Took returns the reloads since the last call, but for the module that shows nobody what
// it has read: it is reloaded at every connect.
func (s *Asterisk) Took() []string {
	s.script.Lock()
	defer s.script.Unlock()
	out := slices.DeleteFunc(s.reloads, func(module string) bool { return module == "cdr_custom.so" })
	s.reloads = nil
	return out
}

// ReloadModule is what the action Reload does with a module's file.
func (s *Asterisk) ReloadModule(module string) {
	s.script.Lock()
	defer s.script.Unlock()
	s.reloads = append(s.reloads, module)
	s.load(Files[module])
}

// Load reads one file without being told to, as after a reload on the console.
func (s *Asterisk) Load(file string) {
	s.script.Lock()
	defer s.script.Unlock()
	s.load(file)
}

// KeepOnly makes it forget all files but one.
func (s *Asterisk) KeepOnly(file string) {
	s.script.Lock()
	defer s.script.Unlock()
	s.loaded = map[string]string{file: s.loaded[file]}
}
