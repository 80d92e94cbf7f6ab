package amitest

// defaultHandlers answer as an Asterisk without phones and calls does, in the words of its sources.
func defaultHandlers() map[string]Handler {
	return map[string]Handler{
		"Login": login,
		"Logoff": func(c *Conn, a Action) {
			c.Write(Text("Response", "Goodbye", "ActionID", a.Get("ActionID"), "Message", "Thanks for all the fish."))
			c.Close()
		},
		"Ping": func(c *Conn, a Action) { c.Reply(a, "Ping", "Pong", "Timestamp", "1767225600.000000") },
		"CoreStatus": func(c *Conn, a Action) {
			date := "2026-01-01"
			if c.server.isBooting() {
				date = "1970-01-01"
			}
			c.Reply(a, "CoreStartupDate", date, "CoreStartupTime", "00:00:00",
				"CoreReloadDate", date, "CoreReloadTime", "00:00:00", "CoreCurrentCalls", "0")
		},
		"Reload":      func(c *Conn, a Action) { c.Reply(a, "Message", "Module Reloaded") },
		"ModuleCheck": func(c *Conn, a Action) { c.ReplyError(a, "Module not loaded") },
		"PJSIPNotify": func(c *Conn, a Action) { c.Reply(a, "Message", "NOTIFY sent") },
		"MailboxCount": func(c *Conn, a Action) {
			c.Reply(a, "Mailbox", a.Get("Mailbox"), "UrgMessages", "0", "NewMessages", "0", "OldMessages", "0")
		},
		"Getvar": func(c *Conn, a Action) { c.Reply(a, "Variable", a.Get("Variable"), "Value", "") },
		"Hangup": func(c *Conn, a Action) { c.ReplyError(a, "No such channel") },
		"PJSIPShowEndpoint": func(c *Conn, a Action) {
			// Asterisk ends this message with a newline of its own.
			c.ReplyError(a, "Unable to retrieve endpoint "+a.Get("Endpoint")+"\n")
		},
		"PJSIPShowContacts": func(c *Conn, a Action) { c.ReplyError(a, "No Contacts found\n") },
		"PJSIPShowRegistrationsOutbound": func(c *Conn, a Action) {
			c.ReplyList(a, "OutboundRegistrationDetail", "OutboundRegistrationDetailComplete")
		},
		"IAXpeerlist":      func(c *Conn, a Action) { c.ReplyList(a, "PeerEntry", "PeerlistComplete") },
		"DeviceStateList":  func(c *Conn, a Action) { c.ReplyList(a, "DeviceStateChange", "DeviceStateListComplete") },
		"CoreShowChannels": func(c *Conn, a Action) { c.ReplyList(a, "CoreShowChannel", "CoreShowChannelsComplete") },
	}
}

func (s *Server) isBooting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.booting
}

// login accepts or refuses, and sends FullyBooted right behind, as Asterisk does. Events of Send come after both.
func login(c *Conn, a Action) {
	c.writing.Lock()
	defer c.writing.Unlock()
	s := c.server
	s.mu.Lock()
	refused := s.user != "" && (a.Get("Username") != s.user || a.Get("Secret") != s.secret)
	booting := s.booting
	c.loggedIn = !refused
	s.note()
	s.mu.Unlock()
	if refused {
		c.write(Text("Response", "Error", "ActionID", a.Get("ActionID"), "Message", "Authentication failed"))
		c.Close()
		return
	}
	c.write(Text("Response", "Success", "ActionID", a.Get("ActionID"), "Message", "Authentication accepted"))
	if !booting {
		c.write(Text("Event", "FullyBooted", "Privilege", "system,all", "Uptime", "5", "LastReload", "5", "Status",
			"Fully Booted"))
	}
}
