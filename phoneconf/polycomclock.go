package phoneconf

// polycomClock holds the tcpIpApp.sntp parameters.
type polycomClock struct {
	Offset     int // seconds east of UTC
	Summer     bool
	Start, End polycomChange
}

// polycomChange is one end of summer: on the first Day on or after Date.
type polycomChange struct {
	Month, Date, Hour int // Date is 1, 8, 15 or 22
	Day               int // Sunday is 1: a Yealink's numbers would be a day off here
	Last              int // 1: the last Day of the month, whatever Date says
}

// polycomClockOf drops the summer of a zone that moves by other than an hour
// (Lord Howe, Troll): the phone has no parameter for it.
func polycomClockOf(c clock) polycomClock {
	out := polycomClock{Offset: c.Offset}
	if c.Save == 3600 {
		out.Summer = true
		out.Start, out.End = polycomChangeOf(c.Start), polycomChangeOf(c.End)
	}
	return out
}

func polycomChangeOf(c change) polycomChange {
	out := polycomChange{Month: int(c.Month), Date: 1, Hour: c.Hour, Day: int(c.Weekday) + 1}
	if c.Week == 5 {
		out.Last = 1
	} else {
		out.Date = (c.Week-1)*7 + 1
	}
	return out
}
