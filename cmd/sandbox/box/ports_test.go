package box

import (
	"net"
	"strconv"
	"testing"
)

// Ports given out differ from one another and can be listened on.
func TestFreePorts(t *testing.T) {
	seen := map[int]bool{}
	for range 10 {
		ports, err := FreePorts("udp", 5)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ports {
			if seen[p] {
				t.Fatalf("port %d given out twice", p)
			}
			seen[p] = true
			c, err := net.ListenPacket("udp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p)))
			if err != nil {
				t.Fatal(err)
			}
			c.Close()
		}
	}
	for p := range seen {
		ReleasePorts(p, p)
	}
	if _, err := FreePorts("sctp", 1); err == nil {
		t.Error("an unknown network was accepted")
	}
}

// A port that somebody listens on is not given out.
func TestClaimBusyPort(t *testing.T) {
	ports, err := FreePorts("tcp", 1)
	if err != nil {
		t.Fatal(err)
	}
	port := ports[0]
	if ok, err := claim("tcp", port); ok || err != nil {
		t.Errorf("a claimed port: got %v, %v", ok, err)
	}
	ReleasePorts(port, port)
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if ok, err := claim("tcp", port); ok || err != nil {
		t.Errorf("a port in use: got %v, %v", ok, err)
	}
}

// RTP ranges are even, of the size asked for, and do not overlap.
func TestFreeRTPRange(t *testing.T) {
	used := map[int]bool{}
	for _, n := range []int{20, 19, 40} {
		first, last, err := FreeRTPRange(n)
		if err != nil {
			t.Fatal(err)
		}
		defer ReleasePorts(first, last)
		if first%2 != 0 || last-first+1 != n+n%2 {
			t.Errorf("range of %d: %d to %d", n, first, last)
		}
		for p := first; p <= last; p++ {
			if used[p] {
				t.Errorf("port %d is in two ranges", p)
			}
			used[p] = true
		}
	}
	if _, _, err := FreeRTPRange(0); err == nil {
		t.Error("an empty range was given out")
	}
}
