package factory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// ErrNoKey says that the phone has no such key, nor a menu for it.
var ErrNoKey = errors.New("the phone has no such key")

// Options describe a desk phone.
type Options struct {
	phone.Options
	Between time.Duration // between two keys; 0: half a second
	// Wait lets the time pass that the phone waits before it dials; nil: it dials at once,
	// and only says how long it would have waited.
	Wait func(context.Context, time.Duration) error
}

// Desk is a simulated phone as its vendor ships it, with a person before it. Its methods may
// be called from several goroutines.
type Desk struct {
	*phone.Phone
	opts Options

	mu       sync.Mutex // guards what follows
	settings *Settings
	dnd      bool
	forward  string            // where the person sends all calls
	set      map[string]string // what the person has set at the menu
}

// NewDesk makes a phone out of its box. It does nothing before Boot.
func NewDesk(o Options) (*Desk, error) {
	d := &Desk{opts: o, set: map[string]string{}}
	d.opts.Between = cmp.Or(o.Between, 500*time.Millisecond)
	o.OwnWay = d.ownWay
	p, err := phone.New(o.Options)
	if err != nil {
		return nil, err
	}
	d.Phone = p
	d.Take(&phone.Config{Vendor: p.Model().Vendor})
	return d, nil
}

// Take puts the files in force that were fetched.
func (d *Desk) Take(c *phone.Config) {
	m := d.Model()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settings = New(EraOf(m.Vendor, m.Name, m.Firmware), c)
}

// Settings are the parameters in force since the last Boot.
func (d *Desk) Settings() *Settings {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settings
}

// Boot fetches the phone's files and registers the first account that they say.
func (d *Desk) Boot(ctx context.Context) error {
	config, _, err := d.Fetch(ctx)
	if err != nil {
		return err
	}
	d.Take(config)
	if len(config.Accounts) == 0 {
		return errors.New("the files enable no account")
	}
	account := config.Accounts[0]
	account.Codecs, account.SRTP = d.Settings().Codecs(), d.Settings().SRTP()
	return d.Register(ctx, account)
}

// OffHook lifts the handset and types a number: what leaves is dialled when the phone sends it.
func (d *Desk) OffHook(ctx context.Context, number string) (*phone.Call, error) {
	sent, err := d.typed(ctx, number)
	if err != nil {
		return nil, err
	}
	return d.Dial(ctx, sent)
}

func (d *Desk) typed(ctx context.Context, number string) (string, error) {
	sent := d.Settings().OffHook(number, d.opts.Between)
	if sent.Number == "" {
		return "", fmt.Errorf("typing %s: the phone waits for its Send key", number)
	}
	if d.opts.Wait != nil {
		if err := d.opts.Wait(ctx, time.Duration(len(sent.Number)-1)*d.opts.Between+sent.After); err != nil {
			return "", err
		}
	}
	return sent.Number, nil
}

// PressMessages calls what the key for messages dials.
func (d *Desk) PressMessages(ctx context.Context) (*phone.Call, error) {
	return d.press(ctx, d.Settings().Messages())
}

// PressLamp presses the key of a lamp while the number that it watches rings.
func (d *Desk) PressLamp(ctx context.Context, number string) (*phone.Call, error) {
	return d.press(ctx, d.Settings().RingingLamp(number))
}

func (d *Desk) press(ctx context.Context, dials string) (*phone.Call, error) {
	if dials == "" {
		return nil, ErrNoKey
	}
	return d.Dial(ctx, dials)
}

// Transfer sends an answered call to a number that is typed after the transfer key.
func (d *Desk) Transfer(ctx context.Context, c *phone.Call, number string) error {
	sent, err := d.typed(ctx, number)
	if err != nil {
		return err
	}
	return c.Refer(ctx, sent)
}

// PressForward sends all calls to a number by the phone's own forward, "" takes that back.
func (d *Desk) PressForward(ctx context.Context, number string) error {
	return d.ownKey(ctx, d.Settings().ForwardKey(number), func() { d.forward = number })
}

// PressDND switches the phone's own do not disturb.
func (d *Desk) PressDND(ctx context.Context, on bool) error {
	return d.ownKey(ctx, d.Settings().DNDKey(), func() { d.dnd = on })
}

// ownKey presses a key of the phone's own: where the key dials a code instead of setting
// something, it calls that.
func (d *Desk) ownKey(ctx context.Context, key Pressed, set func()) error {
	if key.Missing {
		return ErrNoKey
	}
	if key.Dials != "" {
		_, err := d.Dial(ctx, key.Dials)
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	set()
	return nil
}

// Refuse refuses a call by hand.
func (d *Desk) Refuse(c *phone.Call) error { return c.Reject(d.Settings().Refused()) }

// ownWay is what the phone does before its person hears of a call.
func (d *Desk) ownWay(c *phone.Call) phone.Own {
	d.mu.Lock()
	dnd, forward, s := d.dnd, d.forward, d.settings
	d.mu.Unlock()
	if to := cmp.Or(forward, s.Forwarded()); to != "" {
		host := "127.0.0.1"
		if len(s.config.Accounts) > 0 {
			host = s.config.Accounts[0].Server
		}
		return phone.Own{Status: 302, Contact: "sip:" + to + "@" + host}
	}
	if dnd || s.DNDByFiles() {
		return phone.Own{Status: s.DoNotDisturb()}
	}
	return phone.Own{Answers: s.Answers(c.Header("Alert-Info"))}
}
