package asteriskconf

import (
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// musicFile has the classes of music on hold. Their names follow from their sounds: another sound
// is another class, and calls that hear the old one go on hearing it.
const musicFile = "dialtone/musiconhold.conf"

// musicView is what musiconhold.conf's template sees.
type musicView struct {
	Sounds  soundFolder
	Classes []musicClass
}

type musicClass struct {
	Name   musicName
	Sounds []soundName
}

func musicOf(s *pbx.Snapshot, o Options) (any, error) {
	var es pbx.Errors
	v := musicView{}
	into(&es, &v.Sounds)(newSoundFolder(o.Sounds))
	for _, m := range s.AllMusic() {
		class := musicClass{Sounds: make([]soundName, len(m.Sounds))}
		into(&es, &class.Name)(newMusicName("music", m.Class))
		for i, sound := range m.Sounds {
			into(&es, &class.Sounds[i])(newSoundName("music", sound))
		}
		v.Classes = append(v.Classes, class)
	}
	if err := es.Err(); err != nil {
		return nil, fmt.Errorf("music on hold: %w", err)
	}
	return v, nil
}

// musicName is a class of music on hold of ours; "" leaves it to Asterisk.
type musicName struct{ text string }

func newMusicName(field, s string) (musicName, *pbx.Error) {
	if s != "" && !pbx.IsMusicClass(s) {
		return musicName{}, pbx.Invalidf(field, "is no class of music on hold of ours")
	}
	return musicName{s}, nil
}

func (n musicName) String() string { return n.text }

// Any reports whether there is one.
func (n musicName) Any() bool { return n.text != "" }

// Hole implements templates.Opaque.
func (musicName) Hole(mark string) any { return musicName{mark} }
