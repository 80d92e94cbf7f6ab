// Phonesim is a desk phone on the command line: it fetches its files by MAC, registers, calls and answers, and says
// what happened, one line a step. It imports only its own packages phone and factory; arguments come from the command
// line alone.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/factory"
	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// cli is the command line. Account flags stand in for a provisioning server when --url is missing.
type cli struct {
	MAC      string `name:"mac" required:"" help:"The phone's MAC address."`
	Model    string `default:"T46U" help:"T46U, T54W, T31G, T28P, VVX450, VVX250, SPIP650 or SPIP430."`
	URL      string `name:"url" help:"Provisioning URL: a folder, or a Polycom master file."`
	User     string `help:"Provisioning user; with --server the SIP user."`
	Password string `help:"Provisioning password; with --server the SIP password."`
	AuthUser string `help:"SIP authentication name, when it differs from --user."`
	Server   string `help:"Registrar host, when there is no --url."`
	Port     int    `default:"5060" help:"Registrar port, with --server."`
	Proxy    string `help:"host:port every SIP request goes to."`
	LocalIP  string `name:"local-ip" default:"127.0.0.1" help:"Address of the phone's sockets."`
	Insecure bool   `help:"Accept any TLS certificate of the provisioning server."`
	Verbose  bool   `short:"v" help:"Log what the phone does inside."`
	Firmware string `help:"Version of the phone's software, which decides its ways; as the model's newest if not said."`

	Factory bool          `help:"Be as the vendor ships it where the files are silent: numbers are typed off hook, digit by digit."`
	Between time.Duration `default:"500ms" help:"With --factory: the time between two keys."`
	DND     bool          `name:"dnd" help:"With --factory: press the phone's own do not disturb, if it has the key."`
	Forward string        `help:"With --factory: send all calls to a number by the phone's own forward, if it has the key."`

	Fetch    fetchCmd    `cmd:"" help:"Fetch the phone's files and show what they say."`
	Register registerCmd `cmd:"" help:"Register and stay registered for a while."`
	Call     callCmd     `cmd:"" help:"Call a number, talk, hang up."`
	Answer   answerCmd   `cmd:"" help:"Wait for calls and answer them."`
}

func main() {
	phone.SendWhole()
	var c cli
	k := kong.Parse(&c, kong.Name("phonesim"), kong.Description("A simulated desk phone."), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, k, &c, os.Stdout)
	stop()
	k.FatalIfErrorf(err)
}

// run carries out the parsed command and switches the phone off politely.
func run(ctx context.Context, k *kong.Context, c *cli, out io.Writer) error {
	d, err := c.desk(out)
	if err != nil {
		return err
	}
	defer d.close()
	k.BindTo(ctx, (*context.Context)(nil))
	return k.Run(d)
}

// desk is a phone and somebody telling what it does.
type desk struct {
	phone *phone.Phone
	box   *factory.Desk // the same phone, when it is to be as its vendor ships it
	cli   *cli
	out   io.Writer
	start time.Time
}

func (c *cli) desk(out io.Writer) (*desk, error) {
	o := phone.Options{MAC: c.MAC, Model: c.Model, Firmware: c.Firmware, ProvisioningURL: c.URL, Username: c.User, Password: c.Password,
		LocalIP: c.LocalIP, OutboundProxy: c.Proxy,
		RefetchOnCheckSync: c.URL != ""}
	if c.Verbose {
		o.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if c.Insecure {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // asked for: a demo's own certificate
		o.HTTPClient = &http.Client{Timeout: 15 * time.Second, Transport: transport}
	}
	if c.Factory {
		box, err := factory.NewDesk(factory.Options{Options: o, Between: c.Between, Wait: wait})
		if err != nil {
			return nil, err
		}
		return &desk{phone: box.Phone, box: box, cli: c, out: out, start: time.Now()}, nil
	}
	p, err := phone.New(o)
	if err != nil {
		return nil, err
	}
	return &desk{phone: p, cli: c, out: out, start: time.Now()}, nil
}

// wait lets time pass.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// say prints one step with the seconds since the start.
func (d *desk) say(format string, args ...any) {
	fmt.Fprintf(d.out, "%8.3f s  %s\n", time.Since(d.start).Seconds(), fmt.Sprintf(format, args...))
}

func (d *desk) close() {
	if err := d.phone.Close(); err != nil {
		d.say("closing: %v", err)
	}
}
