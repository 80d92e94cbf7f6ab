package pbx

// NarrowTo leaves in a record what the user of an extension met of the call. Of others it
// keeps extension and name: at which devices and numbers they are rung is theirs, as a
// private mobile is. A caller that hides from those it calls is hidden here too.
func (c *CDR) NarrowTo(extension string, hides func(extension string) bool) {
	narrow := func(p CallParty) CallParty {
		if p.Extension == extension {
			return p
		}
		if p.Device = ""; p.Number != c.Dialled {
			p.Number = p.Extension
		}
		return p
	}
	c.By, c.Rules = narrow(c.By), nil
	for i, l := range c.Called {
		c.Called[i].CallParty = narrow(l.CallParty)
	}
	if from := c.From.Extension; from != extension && from != "" {
		c.From.Device = ""
		if hides(from) {
			c.From = CallParty{}
		}
	}
}
