package bench

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

//go:embed sipp/*.xml
var scenarios embed.FS

// sipp runs the callers and the callees. Callees are devices that register from
// one port, at which one sipp answers for all of them.
type sipp struct {
	dir      string
	asterisk string   // host:port
	ports    []string // of callers, callees, and those who only ring
	callees  []*process
	runs     int
}

// newSipp writes the scenarios into dir.
func newSipp(dir, asterisk string) (*sipp, error) {
	ports, err := box.FreePorts("udp", 3)
	if err != nil {
		return nil, err
	}
	s := &sipp{dir: dir, asterisk: asterisk, ports: []string{strconv.Itoa(ports[0]), strconv.Itoa(ports[1]),
		strconv.Itoa(ports[2])}}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of sipp: %w", err)
	}
	names, err := fs.Glob(scenarios, "sipp/*.xml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := scenarios.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600); err != nil {
			return nil, fmt.Errorf("writing a scenario: %w", err)
		}
	}
	return s, nil
}

// inject writes a file of calls; sipp takes its lines in turn.
func (s *sipp) inject(name string, lines []string) error {
	text := "SEQUENTIAL\n" + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing calls for sipp: %w", err)
	}
	return nil
}

// credentials is how sipp is told to answer a challenge as d.
func credentials(d *pbx.Device) string {
	return fmt.Sprintf("[authentication username=%s password=%s]", d.Endpoint, d.Secret.Reveal())
}

func (s *sipp) command(ctx context.Context, port string, args ...string) *exec.Cmd {
	args = append([]string{"-i", "127.0.0.1", "-p", port, "-nostdin", "-timer_resol", "1"}, args...)
	cmd := exec.CommandContext(ctx, "sipp", args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "TERM=dumb")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// listen registers callees and starts answering for them; ring starts ringing for
// others.
func (s *sipp) listen(ctx context.Context, callees []*pbx.Device) error {
	return s.serve(ctx, s.ports[1], "uas", callees)
}

func (s *sipp) ring(ctx context.Context, callees []*pbx.Device) error {
	return s.serve(ctx, s.ports[2], "ring", callees)
}

func (s *sipp) serve(ctx context.Context, port, scenario string, callees []*pbx.Device) error {
	var lines []string
	for _, d := range callees {
		lines = append(lines, d.Endpoint+";"+credentials(d))
	}
	if err := s.inject("callees.csv", lines); err != nil {
		return err
	}
	register := s.command(ctx, port, s.asterisk, "-sf", "register.xml", "-inf", "callees.csv", "-r", "50", "-m",
		strconv.Itoa(len(callees)), "-timeout", "30s", "-timeout_error")
	out, err := register.CombinedOutput()
	if err != nil {
		return fmt.Errorf("registering the callees: %w: %s", err, lastWords(out))
	}
	return s.answer(ctx, port, scenario)
}

// answer starts answering at a port, whoever calls.
func (s *sipp) answer(ctx context.Context, port, scenario string) error {
	p, err := start(s.command(context.WithoutCancel(ctx), port, "-sf", scenario+".xml", "-trace_err", "-error_file",
		scenario+"-errors.log"))
	if err == nil {
		s.callees = append(s.callees, p)
	}
	return err
}

// carry starts a carrier that answers every call.
func (s *sipp) carry(ctx context.Context) error { return s.answer(ctx, s.ports[1], "uas") }

// carrierPort is where the carrier is called.
func (s *sipp) carrierPort() int {
	port, _ := strconv.Atoi(s.ports[1]) // newSipp has made it of a number
	return port
}

// stop ends the callees; sipp takes a signal for a failure, so that is none.
func (s *sipp) stop() {
	for _, p := range s.callees {
		_ = p.stop()
	}
}

// call makes calls, rate a second, each held two seconds, and returns the time
// from INVITE to 200 of each. A call that fails is an error.
func (s *sipp) call(ctx context.Context, lines []string, rate, calls int) ([]time.Duration, error) {
	s.runs++
	dir := filepath.Join(s.dir, fmt.Sprintf("run-%d", s.runs))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the calls: %w", err)
	}
	if err := s.inject("calls.csv", lines); err != nil {
		return nil, err
	}
	cmd := s.command(ctx, s.ports[0], s.asterisk, "-sf", "../uac.xml", "-inf", "../calls.csv", "-r", strconv.Itoa(rate),
		"-m", strconv.Itoa(calls),
		"-trace_shortmsg", "-shortmessage_file", "messages.csv", "-trace_err", "-error_file", "errors.log", "-timeout",
		strconv.Itoa(calls/rate+30)+"s", "-timeout_error")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		words, _ := os.ReadFile(filepath.Join(dir, "errors.log"))
		return nil, fmt.Errorf("%d calls at %d a second: %w: %s%s", calls, rate, err, lastWords(out), lastWords(words))
	}
	log, err := os.ReadFile(filepath.Join(dir, "messages.csv"))
	if err != nil {
		return nil, fmt.Errorf("reading sipp's messages: %w", err)
	}
	times, err := responseTimes(string(log))
	if err == nil && len(times) != calls {
		err = fmt.Errorf("%d calls were answered, not %d", len(times), calls)
	}
	return times, err
}

// responseTimes reads sipp's log of messages: date, time, seconds, S(ent) or
// R(eceived), Call-ID, CSeq, first line, between tabs. Its own clock of response
// times goes in steps of four milliseconds. The INVITE that carries credentials
// is the second request of each call.
func responseTimes(log string) ([]time.Duration, error) {
	const invite = "CSeq:2 INVITE"
	sent := map[string]time.Duration{}
	var times []time.Duration
	for line := range strings.Lines(log) {
		f := strings.Split(line, "\t")
		if len(f) < 7 || f[5] != invite {
			continue
		}
		at, err := time.ParseDuration(f[2] + "s")
		if err != nil {
			return nil, fmt.Errorf("reading sipp's messages: %w", err)
		}
		start, asked := sent[f[4]]
		switch {
		case f[3] == "S" && !asked:
			sent[f[4]] = at
		case f[3] == "R" && asked && start >= 0 && strings.HasPrefix(f[6], "SIP/2.0 200"):
			times = append(times, at-start)
			sent[f[4]] = -1 // answered; a repeated answer does not count
		}
	}
	return times, nil
}

// lastWords keeps an error readable.
func lastWords(out []byte) string {
	const most = 600
	out = bytes.TrimSpace(out)
	return string(out[max(len(out)-most, 0):])
}
