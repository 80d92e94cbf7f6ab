package factory

import (
	"fmt"
	"strconv"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// Settings are the parameters that are in force on a phone.
type Settings struct {
	era    Era
	files  map[string]string
	config *phone.Config

	dialNowRules, prefixes, blocked []rule // of a Yealink
}

// New lays the files that a phone has read over the defaults of its era. A config without
// values is a phone out of its box.
func New(era Era, config *phone.Config) *Settings {
	s := &Settings{era: era, files: config.Values, config: config}
	s.dialNowRules, s.prefixes = s.numbered("dialplan.dialnow.rule."), s.numbered("dialplan.replace.prefix.")
	s.blocked = s.numbered("dialplan.block_out.number.")
	return s
}

// Era is the make and generation of the phone.
func (s *Settings) Era() Era { return s.era }

// Knows reports whether software of the era has a parameter of that name. What it does not know
// it leaves alone.
func (s *Settings) Knows(name string) bool {
	_, ok := s.era.factoryValue(name)
	return ok
}

// Value is a parameter as it is in force: what the files say where the software knows it, else
// the factory's. A Yealink takes an empty value for none, and %NULL% for the factory's.
func (s *Settings) Value(name string) string {
	value, known := s.era.factoryValue(name)
	text, set := s.files[name]
	if !known || !set || s.yealink() && (text == "" || text == "%NULL%") {
		return value
	}
	return text
}

func (s *Settings) yealink() bool { return s.era.Vendor() == phone.Yealink }

// valuef is Value of a name with numbers in it.
func (s *Settings) valuef(format string, args ...any) string {
	return s.Value(fmt.Sprintf(format, args...))
}

// on reports whether a switch is 1.
func (s *Settings) on(name string) bool { return s.Value(name) == "1" }

// count is a parameter that is a number; the factory's where the files have none.
func (s *Settings) count(name string) int {
	n, err := strconv.Atoi(s.Value(name))
	if err != nil {
		factory, _ := s.era.factoryValue(name)
		n, _ = strconv.Atoi(factory)
	}
	return n
}

// seconds reads a whole number of seconds.
func seconds(text string, otherwise time.Duration) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil {
		return otherwise
	}
	return time.Duration(n) * time.Second
}
