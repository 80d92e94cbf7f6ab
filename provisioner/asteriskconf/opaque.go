package asteriskconf

// Devices and mailboxes are rendered by stencils (see templates.Opaque): most of the time
// of a rendering was text/template's, for thousands of parts that differ in values alone.
// What a part holds is one of the types below, a number, a bool or a plain text.

// Any reports whether there is one.
func (v varValue) Any() bool { return v.text != "" }

// Any reports whether there is one.
func (v vmField) Any() bool { return v.text != "" }

// Any reports whether there is one.
func (v endpointName) Any() bool { return v.text != "" }

// Any reports whether there is one.
func (v mailboxName) Any() bool { return v.text != "" }

// Hole implements templates.Opaque.
func (v confValue) Hole(mark string) any { return confValue{mark} }

// Hole implements templates.Opaque.
func (v varValue) Hole(mark string) any { return varValue{mark} }

// Hole implements templates.Opaque.
func (v vmField) Hole(mark string) any { return vmField{mark} }

// Hole implements templates.Opaque.
func (v callerID) Hole(mark string) any { return callerID{mark} }

// Hole implements templates.Opaque.
func (v endpointName) Hole(mark string) any { return endpointName{mark} }

// Hole implements templates.Opaque.
func (v contextName) Hole(mark string) any { return contextName{mark} }

// Hole implements templates.Opaque.
func (v extenName) Hole(mark string) any { return extenName{mark} }

// Hole implements templates.Opaque.
func (v mailboxName) Hole(mark string) any { return mailboxName{mark} }

// Hole implements templates.Opaque.
func (v groupList) Hole(mark string) any { return groupList{mark} }

// Hole implements templates.Opaque.
func (v pickupMark) Hole(mark string) any { return pickupMark{mark} }

// Hole implements templates.Opaque.
func (v onDemandName) Hole(mark string) any { return onDemandName{mark} }

// Hole implements templates.Opaque.
func (v languageName) Hole(mark string) any { return languageName{mark} }

// Hole implements templates.Opaque.
func (v outsideNumber) Hole(mark string) any { return outsideNumber{mark} }

// Hole implements templates.Opaque.
func (v dialArg) Hole(mark string) any { return dialArg{mark} }

// Hole implements templates.Opaque.
func (v soundName) Hole(mark string) any { return soundName{mark} }
