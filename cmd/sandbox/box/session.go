package box

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// member is one process of a session.
type member struct {
	pid  int
	name string
}

// asteriskPID finds Asterisk's own process in the session, as this machine
// numbers it, or 0. It is not bubblewrap's, which would die without the
// orderly end that a signal to Asterisk brings.
func (p *process) asteriskPID() int {
	for _, m := range sessionMembers(p.cmd.Process.Pid) {
		if m.name == "asterisk" {
			return m.pid
		}
	}
	return 0
}

// waitSession waits until nothing alive is left of the session, up to limit.
// bubblewrap's outer process ends a moment before its inner one.
func waitSession(session int, limit time.Duration) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(limit)
	defer late.Stop()
	for {
		if syscall.Kill(-session, 0) == syscall.ESRCH || len(sessionMembers(session)) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-late.C:
			return
		}
	}
}

// sessionMembers lists the living processes of a session. The dead that wait
// to be reaped do not count: where process 1 reaps nothing, they stay.
func sessionMembers(session int) []member {
	var found []member
	entries, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range entries {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // gone meanwhile
		}
		// pid (name) state ppid pgrp session …; the name may hold anything.
		open, shut := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
		if open < 0 || shut < open {
			continue
		}
		f := strings.Fields(string(b[shut+1:]))
		if len(f) < 4 || f[0] == "Z" || f[3] != strconv.Itoa(session) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil {
			found = append(found, member{pid, string(b[open+1 : shut])})
		}
	}
	return found
}
