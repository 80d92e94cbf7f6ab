package office

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// choosePlaces finds a free port for everything.
func (of *Office) choosePlaces() error {
	tcp, err := box.FreePorts("tcp", 5)
	if err != nil {
		return err
	}
	udp, err := box.FreePorts("udp", 1)
	if err != nil {
		return err
	}
	api, phones, sip, iax := tcp[0], tcp[1], tcp[2], udp[0]
	if of.options.WellKnown {
		api, phones, sip, iax = preferred(8080, api), preferred(8081, phones), preferred(5060, sip), preferred(4569, iax)
	}
	first, last, err := box.FreeRTPRange(of.options.RTPPorts)
	if err != nil {
		return err
	}
	of.Places = Places{
		API: "http://" + loopback(api), Phones: "http://" + loopback(phones), SIP: loopback(sip),
		AMI: loopback(tcp[3]), ARI: loopback(tcp[4]), IAX: loopback(iax), RTPFirst: first, RTPLast: last,
		TokenFile: filepath.Join(of.dir, "dialtone-admin-token"), Database: filepath.Join(of.dir, "dialtone.db"),
	}
	return nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// preferred returns port if nothing listens there over TCP or UDP, otherwise the
// free one.
func preferred(port, free int) int {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return free
	}
	defer l.Close()
	u, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return free
	}
	u.Close()
	return port
}
