package phonehttp

import (
	"bytes"
	"slices"
	"sync"
)

// packed is a body that shares its text with others. Files of one kind differ in a few
// lines, so ten thousand of them are one text and the differing lines of each. It is never
// changed.
type packed struct {
	base []byte // another body of the kind, or this one
	runs []run
	own  []byte // the lines that base does not have
	made bool   // base is this body
}

// run is a piece of base, and behind it a piece of own.
type run struct{ at, same, own int32 }

// runBytes is the size of a run.
const runBytes = 12

// whole is a body that shares nothing.
func whole(text []byte) *packed {
	return &packed{own: text, runs: []run{{own: int32(len(text))}}}
}

// cost is the memory kept for this body alone. A base outlives the file that made it while
// others share it; there are few.
func (p *packed) cost() int64 {
	n := len(p.own) + len(p.runs)*runBytes
	if p.made {
		n += len(p.base)
	}
	return int64(n)
}

// appendTo writes the body behind b.
func (p *packed) appendTo(b []byte) []byte {
	own := p.own
	for _, r := range p.runs {
		b = append(b, p.base[r.at:r.at+r.same]...)
		b = append(b, own[:r.own]...)
		own = own[r.own:]
	}
	return b
}

// mould is a body that others of its kind are compared with.
type mould struct {
	base  []byte
	lines map[string]int32 // line → where it first begins
}

func newMould(body []byte) *mould {
	m := &mould{base: body, lines: map[string]int32{}}
	at := int32(0)
	for line := range bytes.Lines(body) {
		if _, seen := m.lines[string(line)]; !seen {
			m.lines[string(line)] = at
		}
		at += int32(len(line))
	}
	return m
}

// pack finds the body's lines in the mould. Lines that follow one another there
// are one run.
func (m *mould) pack(body []byte) *packed {
	p := &packed{base: m.base}
	last := run{}
	for line := range bytes.Lines(body) {
		n := int32(len(line))
		at, found := last.at+last.same, last.own == 0
		if found = found && bytes.HasPrefix(m.base[at:], line); !found {
			if at, found = m.lines[string(line)]; found {
				p.runs = append(p.runs, last)
				last = run{at: at}
			}
		}
		if found {
			last.same += n
			continue
		}
		last.own += n
		p.own = append(p.own, line...)
	}
	p.runs = append(p.runs, last)
	p.runs, p.own = slices.Clip(slices.Clone(p.runs)), slices.Clip(slices.Clone(p.own))
	return p
}

// packer has a mould for each kind of file.
type packer struct {
	mu     sync.Mutex
	moulds map[string]*mould
}

// pack returns the body in a form that takes little memory. The first body of a
// kind, and one that has less than half of its bytes from the mould, becomes the
// new mould: after a change that touches all phones the new text is the shared one.
func (k *packer) pack(kind string, body []byte) *packed {
	k.mu.Lock()
	m := k.moulds[kind]
	k.mu.Unlock()
	if m != nil {
		if p := m.pack(body); len(p.own) <= len(body)/2 {
			return p
		}
	}
	m = newMould(body)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.moulds == nil {
		k.moulds = map[string]*mould{}
	}
	k.moulds[kind] = m
	p := m.pack(body)
	p.made = true
	return p
}
