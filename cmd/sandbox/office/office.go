// Package office runs a complete office on this machine: a sandboxed Asterisk
// and the dialtone binary in front of it, on loopback, in one folder. `make run`,
// the whole-program test and the benchmarks use it. It may import cmd/sandbox/box,
// provisioner/asteriskconf, provisioner/pbx and templates; it talks to the
// controller over HTTP only.
package office

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// Options say what office to open.
type Options struct {
	Dir    string // everything lives below it; it may be used again
	Binary string // the built dialtone
	Suite  box.Suite
	Root   string // a prepared root; "" prepares Suite
	// WellKnown asks for the ports a person would expect (8080, 8081, 5060)
	// where they are free.
	WellKnown bool
	Log       io.Writer // what the two programs print
	// Serve are further flags of dialtone serve.
	Serve []string
	// Env is added to the controller's environment.
	Env map[string]string
	// RTPPorts is how many ports media may use, two a leg; 0 means 2,400, enough
	// for the benchmarks' 500 calls.
	RTPPorts int
}

// Places are where the office's services listen. They are kept in office.json,
// so that an office opened again in the same folder is found at the same places.
type Places struct {
	API       string `json:"api"`    // http://127.0.0.1:8080
	Phones    string `json:"phones"` // http://127.0.0.1:8081
	SIP       string `json:"sip"`    // 127.0.0.1:5060
	TokenFile string `json:"token_file"`
	Database  string `json:"database"`
	AMI       string `json:"ami"`
	ARI       string `json:"ari"`
	IAX       string `json:"iax"` // 127.0.0.1:4569
	RTPFirst  int    `json:"rtp_first"`
	RTPLast   int    `json:"rtp_last"`
}

// Office is a running office. Its methods are for one goroutine at a time.
type Office struct {
	Places
	Asterisk   *box.Instance
	options    Options
	dir        string
	ami, ari   pbx.Secret
	controller *process
}

// placesFile tells other commands where the office is.
const placesFile = "office.json"

// defaultRTPPorts is Options.RTPPorts when it is 0.
const defaultRTPPorts = 2400

// Open starts Asterisk and the controller and returns when both answer.
func Open(ctx context.Context, o Options) (*Office, error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.RTPPorts == 0 {
		o.RTPPorts = defaultRTPPorts
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("the office's folder: %w", err)
	}
	of := &Office{options: o, dir: dir, ami: pbx.RandomSecret(20), ari: pbx.RandomSecret(20)}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the office's folder: %w", err)
	}
	if err := of.choosePlaces(); err != nil {
		return nil, err
	}
	if err := of.startAsterisk(ctx); err != nil {
		box.ReleasePorts(of.RTPFirst, of.RTPLast)
		return nil, err
	}
	if err := of.StartController(ctx); err != nil {
		return nil, errors.Join(err, of.Close(ctx))
	}
	return of, of.writePlaces()
}

// startAsterisk runs Asterisk with the host files that a folder of our own needs.
func (of *Office) startAsterisk(ctx context.Context) error {
	files, err := of.hostFiles()
	if err != nil {
		return err
	}
	of.Asterisk, err = box.Start(ctx, box.Options{Suite: of.options.Suite, Root: of.options.Root,
		Dir: filepath.Join(of.dir, "asterisk"), Files: files, Log: of.options.Log})
	return err
}

func (of *Office) hostFiles() (map[string][]byte, error) {
	engine, err := templates.New()
	if err != nil {
		return nil, err
	}
	sip, err := netip.ParseAddrPort(of.SIP)
	if err != nil {
		return nil, fmt.Errorf("SIP address: %w", err)
	}
	ami, err := netip.ParseAddrPort(of.AMI)
	if err != nil {
		return nil, fmt.Errorf("AMI address: %w", err)
	}
	ari, err := netip.ParseAddrPort(of.ARI)
	if err != nil {
		return nil, fmt.Errorf("ARI address: %w", err)
	}
	iax, err := netip.ParseAddrPort(of.IAX)
	if err != nil {
		return nil, fmt.Errorf("IAX2 address: %w", err)
	}
	return asteriskconf.HostFiles(engine, asteriskconf.HostOptions{
		SIP: sip, IAX: iax, AMIPort: int(ami.Port()), ARIPort: int(ari.Port()), AMIUser: "dialtone", ARIUser: "dialtone",
		AMISecret: of.ami, ARISecret: of.ari, RTPFirst: of.RTPFirst, RTPLast: of.RTPLast, WebRTC: true,
	})
}

// Close ends the controller, then Asterisk, and waits for both.
func (of *Office) Close(ctx context.Context) error {
	err := of.StopController(ctx)
	if of.Asterisk != nil {
		err = errors.Join(err, of.Asterisk.Stop(ctx))
	}
	box.ReleasePorts(of.RTPFirst, of.RTPLast)
	return err
}

// Token returns the admin token that the first start wrote.
func (of *Office) Token() (string, error) { return ReadToken(of.Places) }

// ReadToken reads an office's admin token.
func ReadToken(p Places) (string, error) {
	text, err := os.ReadFile(p.TokenFile)
	if err != nil {
		return "", fmt.Errorf("reading the admin token: %w", err)
	}
	return string(trimNewline(text)), nil
}

func trimNewline(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

// Find returns the places of the office in dir.
func Find(dir string) (Places, error) {
	var p Places
	text, err := os.ReadFile(filepath.Join(dir, placesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return p, fmt.Errorf("no office runs in %s: start one with make run", dir)
	}
	if err != nil {
		return p, fmt.Errorf("finding the office: %w", err)
	}
	return p, json.Unmarshal(text, &p)
}

func (of *Office) writePlaces() error {
	text, err := json.MarshalIndent(of.Places, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the office's places: %w", err)
	}
	return os.WriteFile(filepath.Join(of.dir, placesFile), append(text, '\n'), 0o600)
}
