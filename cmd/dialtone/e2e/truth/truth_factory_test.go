package truth

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/factory"
	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// desk is a phone as its vendor ships it; its zero value is none.
type desk struct {
	vendor, model string
	era           factory.Era
}

// desks are one phone of each era, by the first digit of the numbers of its rows.
var desks = map[string]desk{"2": {"yealink", "T28P", factory.YealinkV70}, "3": {"yealink", "T46U", factory.YealinkV80},
	"4": {"polycom", "SPIP430", factory.PolycomSIP3}, "5": {"polycom", "SPIP650", factory.PolycomUCS4},
	"6": {"polycom", "VVX450", factory.PolycomUCS5}}

// byKeys are rows of the other tables that a person does with the keys of a phone.
var byKeys = []string{"picked up by a member of the group", "picked up at one extension",
	"transferred to somebody busy", "transferred after it was announced", "transferred while it rings",
	"do not disturb is switched on", "then a call finds it busy", "do not disturb is switched off",
	"every call is forwarded by a code", "then a call rings there", "intercom: the phone answers by itself",
	"parked, and taken elsewhere", "the own mailbox", "refused, mailbox"}

// ownKeys are rows for phones whose own keys cannot be taken away: "forward" or "dnd".
var ownKeys = map[string][]truth{
	"forward": {{"the phone's own forward", nil, "660a redirects 661, 661a answers", "660",
		"660a 0, 661a 0", "ringing", "with 661a", "answered by 661a; 660a BUSY, 661a ANSWER; via forward"}},
	"dnd": {{"the phone's own do not disturb", world{"mailboxes/662": {}}, "662a dnd", "662",
		"662a 0", "nothing", "mailbox 662 busy", "voicemail; 662a BUSY"}},
}

// keptKeys are the eras with such a key.
var keptKeys = map[string][]factory.Era{"forward": {factory.YealinkV70},
	"dnd": {factory.YealinkV70, factory.PolycomSIP3, factory.PolycomUCS4}}

// TestTruthOnFactoryPhonesRealAsterisk plays rows of the truth table on phones of both makes
// and each era that come out of their boxes, fetch their files from the phone listener and do
// by their own keys what the rows say.
func TestTruthOnFactoryPhonesRealAsterisk(t *testing.T) {
	t.Parallel()
	s := stageIn(Open(t, box.Asterisk22))
	s.Feature(t, "pickupexten = *0")
	s.models = func(device string) desk {
		if len(device) != len("2400a") {
			return desk{}
		}
		return desks[device[:1]]
	}
	var rows []truth
	for _, digit := range slices.Sorted(maps.Keys(desks)) {
		d := desks[digit]
		mine := slices.DeleteFunc(slices.Concat(directTruths, actTruths, backTruths, featureTruths), func(row truth) bool {
			return !slices.Contains(byKeys, row.situation)
		})
		if len(mine) != len(byKeys) {
			t.Fatalf("%d rows of %d are found", len(mine), len(byKeys))
		}
		for _, key := range []string{"forward", "dnd"} {
			if slices.Contains(keptKeys[key], d.era) {
				mine = append(mine, ownKeys[key]...)
			}
		}
		for _, row := range mine {
			rows = append(rows, row.renumbered(t, digit, d.model))
		}
	}
	tellTruth(t, s, rows)
	s.keysTakenAway(t)
}

// renumbered is the row with a digit before each of its numbers, and groups and park slots of
// its own.
func (row truth) renumbered(t *testing.T, digit, model string) truth {
	t.Helper()
	text, err := json.Marshal([]any{row.set, row.people, row.dials, row.rings, row.ends, row.cdr})
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]bool{}
	for clause := range strings.SplitSeq(row.people, ", ") {
		for word := range strings.FieldsSeq(clause) {
			if m := deviceName.FindStringSubmatch(word); m != nil {
				numbers[m[1]] = len(m[1]) == 3
			}
		}
	}
	for path := range row.set {
		if _, key, _ := strings.Cut(path, "/"); len(key) == 3 {
			numbers[key] = true
		}
	}
	pairs := []string{"sales", "sales" + digit, "705", "70" + digit}
	for number, mine := range numbers {
		if mine {
			pairs = append(pairs, number, digit+number)
		}
	}
	out := truth{situation: row.situation + ", " + model, hears: row.hears}
	fields := []any{&out.set, &out.people, &out.dials, &out.rings, &out.ends, &out.cdr}
	if err := json.Unmarshal([]byte(strings.NewReplacer(pairs...).Replace(string(text))), &fields); err != nil {
		t.Fatal(err)
	}
	return out
}

// unpack makes the phones of all devices that have one as its vendor ships it.
func (s *stage) unpack(t *testing.T, fates map[string]string) {
	t.Helper()
	for name := range fates {
		if s.models == nil || s.models(name).model == "" {
			continue
		}
		is := s.models(name)
		d, err := factory.NewDesk(factory.Options{Options: phone.Options{MAC: NewMAC(), Model: is.model, ProvisioningURL: s.Phones + "/"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Logf("closing a phone: %v", err)
			}
		})
		s.Do(t, "PUT", Tenant+"/phones/"+d.MAC(), Object{"vendor": is.vendor, "model": is.model,
			"lines": []Object{{"registration": 1, "device": name}}}, nil)
		s.desks[name] = d
	}
	s.Applied(t)
}

// booted is such a phone with its files; nil where a device has none.
func (s *stage) booted(t *testing.T, name string) *phone.Phone {
	t.Helper()
	d := s.desks[name]
	if d == nil {
		return nil
	}
	if err := d.Boot(Within(t, 30*time.Second)); err != nil {
		t.Fatalf("booting %s: %v", name, err)
	}
	if got, want := d.Settings().Era(), s.models(name).era; got != want {
		t.Fatalf("%s is of %s, want %s", name, got, want)
	}
	return d.Phone
}

// dial calls a number as a person does: with the key for it where the phone has one,
// else off hook, digit by digit.
func (sc *scene) dial(ctx context.Context, name, number string) (*phone.Call, error) {
	d := sc.desks[name]
	if d == nil {
		return sc.phones[name].Dial(ctx, number)
	}
	if number == "*97" {
		return d.PressMessages(ctx)
	}
	if at, is := strings.CutPrefix(number, "**"); is {
		return d.PressLamp(ctx, at)
	}
	return d.OffHook(ctx, number)
}

func (sc *scene) refuse(s *sighting) {
	if d := sc.desks[s.who]; d != nil {
		_ = d.Refuse(s.call)
		return
	}
	_ = s.call.Reject(486)
}

func (sc *scene) refer(ctx context.Context, s *sighting, number string) error {
	if d := sc.desks[s.who]; d != nil {
		return d.Transfer(ctx, s.call, number)
	}
	_ = s.call.Refer(ctx, number)
	return nil
}

// setKeys presses the keys of phones that shall forward or refuse by themselves.
func (sc *scene) setKeys(ctx context.Context) error {
	for name, p := range sc.people {
		d := sc.desks[name]
		var err error
		switch {
		case d == nil:
		case p.does == "redirects":
			err = d.PressForward(ctx, p.redirects)
		case p.does == "dnd":
			err = d.PressDND(ctx, true)
		}
		if err != nil {
			return fmt.Errorf("pressing a key of %s: %w", name, err)
		}
	}
	return nil
}

// keysTakenAway: all other phones have no such key any more.
func (s *stage) keysTakenAway(t *testing.T) {
	t.Helper()
	for name, d := range s.desks {
		era := d.Settings().Era()
		if got := d.Settings().ForwardKey("1").Missing; got == slices.Contains(keptKeys["forward"], era) {
			t.Errorf("%s of %s: the key to forward is gone: %v", name, era, got)
		}
		if got := d.Settings().DNDKey().Missing; got == slices.Contains(keptKeys["dnd"], era) {
			t.Errorf("%s of %s: the key for do not disturb is gone: %v", name, era, got)
		}
	}
}
