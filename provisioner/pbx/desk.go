package pbx

// desk lets a caller sign in or out on the shared device in his hand.
func desk(s *Snapshot, c Call, f Feature) Plan {
	d := c.Device(s)
	if d == nil || !d.Shared {
		return hangup(CauseRefused, "%s is for shared devices, and the caller's is none", c.Dialled)
	}
	rule := "signs in on shared device " + d.Name
	if f == FeatureSignOut {
		rule = "leaves shared device " + d.Name
	}
	return Plan{Steps: []Step{{Kind: StepDesk, Rule: rule}}}
}
