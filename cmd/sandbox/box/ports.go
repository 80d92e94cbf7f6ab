package box

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// Ports come from below the kernel's range for outgoing connections (32768 and
// up on Linux), which could take one between the probe and the use.
const (
	firstPort    = 10000
	firstRTPPort = 20000
	endPort      = 32000
)

// claims holds a lock file for each port given out. The files stay locked
// until the process ends: two tests of one user never get the same port.
var claims struct {
	sync.Mutex
	files map[int]*os.File
}

// FreePorts returns n free ports of 127.0.0.1 for network "udp" or "tcp",
// 10000 to 19999. They are this process's for as long as it lives.
func FreePorts(network string, n int) ([]int, error) {
	if network != "udp" && network != "tcp" {
		return nil, fmt.Errorf("finding free ports: no network %q", network)
	}
	var ports []int
	for try := 0; try < 2000 && len(ports) < n; try++ {
		port := firstPort + rand.IntN(firstRTPPort-firstPort)
		ok, err := claim(network, port)
		if err != nil {
			return nil, err
		}
		if ok {
			ports = append(ports, port)
		}
	}
	if len(ports) < n {
		return nil, fmt.Errorf("finding %d free %s ports: only %d", n, network, len(ports))
	}
	return ports, nil
}

// FreeRTPRange returns the first (even) and last of n consecutive free UDP
// ports of 127.0.0.1 for rtp.conf, 20000 to 31999; n is rounded up to even.
// They are this process's until ReleasePorts or its end.
func FreeRTPRange(n int) (first, last int, err error) {
	n += n % 2
	if n <= 0 || n > endPort-firstRTPPort {
		return 0, 0, fmt.Errorf("finding %d RTP ports: not a size of a range", n)
	}
	// Starts on a grid of n, so that ranges of one size do not fragment the rest.
	slots := (endPort - firstRTPPort) / n
	for _, slot := range rand.Perm(slots) {
		first := firstRTPPort + slot*n
		ok, err := claimRange(first, first+n-1)
		if err != nil {
			return 0, 0, err
		}
		if ok {
			return first, first + n - 1, nil
		}
	}
	return 0, 0, fmt.Errorf("finding %d RTP ports: no range is free", n)
}

// ReleasePorts gives back first to last, which need not all be claimed.
func ReleasePorts(first, last int) {
	claims.Lock()
	defer claims.Unlock()
	for port := first; port <= last; port++ {
		if f := claims.files[port]; f != nil {
			f.Close()
			delete(claims.files, port)
		}
	}
}

// claimRange claims all or none.
func claimRange(first, last int) (bool, error) {
	for port := first; port <= last; port++ {
		ok, err := claim("udp", port)
		if !ok || err != nil {
			ReleasePorts(first, port-1)
			return false, err
		}
	}
	return true, nil
}

// claim takes one port if no process of this user has it and nobody at all
// listens on it.
func claim(network string, port int) (bool, error) {
	dir, err := cacheDir()
	if err != nil {
		return false, err
	}
	dir = filepath.Join(dir, "ports")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, fmt.Errorf("making the folder of port locks: %w", err)
	}
	f, err := lockFile(filepath.Join(dir, strconv.Itoa(port)))
	if f == nil || err != nil {
		return false, err
	}
	if !listens(network, port) {
		f.Close()
		return false, nil
	}
	claims.Lock()
	defer claims.Unlock()
	if claims.files == nil {
		claims.files = map[int]*os.File{}
	}
	claims.files[port] = f
	return true, nil
}

// listens reports whether this process could listen on the port.
func listens(network string, port int) bool {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if network == "udp" {
		c, err := net.ListenPacket("udp", addr)
		if err != nil {
			return false
		}
		c.Close()
		return true
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	l.Close()
	return true
}
