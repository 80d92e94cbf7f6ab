package lab

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Kill ends the controller as kill -9 does, and gives Asterisk a moment to notice: a
// call that comes before that waits in Stasis for the next controller.
func (l *Lab) Kill(t *testing.T) {
	t.Helper()
	theirs := clients(t, l.ControllerPID(), l.ARI)
	l.KillAtOnce(t)
	WaitFor(noticed, func() string {
		for _, s := range sockets(t) {
			// CLOSE_WAIT is one whose other end has gone and which Asterisk has not closed.
			if s.local == inTable(l.ARI) && slices.Contains(theirs, s.remote) &&
				(s.state == "ESTABLISHED" || s.state == "CLOSE_WAIT") {
				return "Asterisk still has a connection of the dead controller's"
			}
		}
		return ""
	})
}

// noticed bounds that moment: a request that waits for a channel keeps its connection.
const noticed = 10 * time.Second

// KillAtOnce ends the controller as kill -9 does, in the middle of whatever goes on.
func (l *Lab) KillAtOnce(t *testing.T) {
	t.Helper()
	if err := l.KillController(); err != nil {
		t.Fatal(err)
	}
}

// inTable is an IPv4 address and port as the table of sockets has them.
func inTable(address string) string {
	at := netip.MustParseAddrPort(address)
	ip := at.Addr().As4()
	return fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], at.Port())
}

// socket is a row of this machine's table of TCP sockets (proc_net(5)).
type socket struct{ local, remote, state, inode string }

// sockets reads the table; addresses are as it writes them.
func sockets(t *testing.T) (all []socket) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
		if f := strings.Fields(line); len(f) > 9 {
			state := map[string]string{"01": "ESTABLISHED", "08": "CLOSE_WAIT"}[f[3]]
			all = append(all, socket{local: f[1], remote: f[2], state: state, inode: f[9]})
		}
	}
	return all
}

// clients are the addresses from which a process is connected to a server.
func clients(t *testing.T, pid int, server string) (addresses []string) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, f := range files {
		if to, err := os.Readlink(filepath.Join(dir, f.Name())); err == nil { // or it was closed meanwhile
			open = append(open, to)
		}
	}
	for _, s := range sockets(t) {
		if s.remote == inTable(server) && slices.Contains(open, "socket:["+s.inode+"]") {
			addresses = append(addresses, s.local)
		}
	}
	return addresses
}
