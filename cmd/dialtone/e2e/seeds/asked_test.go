package seeds

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// asked is one thing that a document asks for, and what shows it.
type asked struct {
	document string
	what     string
	// shown is a row of the table, the name of another test, or waiting and for what.
	shown string
}

// waiting begins the reason why nothing shows a thing: a feature that is not there, or
// something that is its maker's and never will be ours.
const waiting = "waits: "

// everythingAsked are the things that 000, 001 and 002 ask for. Each is shown by a test;
// what waits says for which feature, and that list only gets shorter.
var everythingAsked = slices.Concat(asked000, asked001, asked002)

var asked000 = []asked{
	{"000", "a new user gets an extension of the user's own", "Example/user profile is created, she receives the extension 510"},
	{"000", "each user needs an extension: one without has nothing that rings", "TestUserReceivesAnExtension"},
	{"000", "an extension is one person's", difference + "unique user identification"},
	{"000", "its number changes while the user is signed out", difference + "can only be changed when the user is logged out"},
	{"000", "a session of the API is signed in as well", "TestNumberStaysWhileItsUserIsSignedIn"},
	{"000", "a desk phone rings for it", difference + "internal hardware SIP phone"},
	{"000", "a softphone does", difference + "internal software SIP phone"},
	{"000", "a browser does", difference + "WebRTC"},
	{"000", "a number outside does", difference + "external phone"},
	{"000", "nobody dials a device", difference + "A device is not reachable – only an extension is"},
	{"000", "a device may have the extension's number as its name", difference + "The extension number can be the same as the device number"},
	{"000", "all devices ring at once", difference + "all her devices will ring either at once"},
	{"000", "or one after the other", difference + "in the sequence set up in her user detail"},
	{"000", "each for a time of its own", difference + "how long a call will ring on each of them"},
	{"000", "that time is neither cut nor counted twice", "TestRingTimes"},
	{"000", "users set these times themselves", "TestUsersSeeAndSetTheirOwn"},
	{"000", "a user without a device takes one for the day", difference + "they can choose a device dynamically after logging in"},
	{"000", "users see which they may take", "TestUsersSeeAndSetTheirOwn"},
	{"000", "an external number keeps its number", details + "Device / Number"},
	{"000", "it has a description", details + "Description (optional)"},
	{"000", "it is copied", "External Numbers/To use an existing External number as a template for your new one, click Clone"},
	{"000", "it is of the telephone network", details + "SIP if your external number is a phone number such as a mobile phone"},
	{"000", "or of Teams", details + "Microsoft teams if your external number is a MS Teams device"},
	{"000", "users may choose it where it is available", details + "Available for dynamic selection"},
	{"000", "and do so themselves", "Working With Devices/select it dynamically in the static panel"},
	{"000", "an admin assigns it", "Working With Devices/assign it to a user"},
}

var asked001 = []asked{
	{"001", "a number may have letters", "Configuration Options/Alphanumeric"},
	{"001", "extensions of SIP", "Device Type/SIP (Session Initiation Protocol) device"},
	{"001", "of IAX2", "Device Type/IAX2 (Inter-Asterisk eXchange) device"},
	{"001", "of DAHDI", "Device Type/DAHDI (Digium Asterisk Hardware Device Interface) device"},
	{"001", "of voicemail or forwards alone", "Device Type/Voicemail-only or call-forwarding extension"},
	{"001", "further ones of a device, which ring there", "Device Type/Additional extension on a device that supports multiple extensions"},
	{"001", "and call from there", "Device Type/a device that supports multiple extensions"},
	{"001", "users do not configure their extension", "Overview/A user cannot configure his or her extension"},
	{"001", "a licence bounds how many there are", "Additional Notes/The number of available extensions depends on your IntellaSoft licensing"},
	{"001", "virtual ones need none", "Device Type/VIRTUAL and SIP-VIRTUAL device types do not use extension licenses"},
	{"001", "a name for callers", "Configuration Options/CallerID Name"},
	{"001", "its user", "Configuration Options/The portal user associated with the extension"},
	{"001", "its voicemail", "Configuration Options/Enables or disables voicemail"},
	{"001", "the PIN of that", "Configuration Options/Voicemail PIN"},
	{"001", "where messages are mailed", "Configuration Options/Email address where voicemail messages are sent"},
	{"001", "mail by the system's own outbox", waiting + "F1"},
	{"001", "a mailbox that is made again is empty", "TestMailboxFolder"},
	{"001", "messages over the API", waiting + "F1"},
	{"001", "all calls go elsewhere", "Additional Extension Settings/All Call Forward"},
	{"001", "a group of phones", "Additional Extension Settings/Phone Group"},
	{"001", "a password of the device", "Additional Extension Settings/Secret password"},
	{"001", "a mobile rings along", "Additional Extension Settings/Ring an external number such as a cell phone"},
	{"001", "a number from outside leads there", "Additional Extension Settings/Inbound DID"},
	{"001", "a number is shown outside", "Additional Extension Settings/What callerid to use when the extension dials out a route"},
	{"001", "what it may call", "Additional Extension Settings/Class of service when this extension makes a call"},
	{"001", "what a new tenant may call is said", "TestTenantSaysWhatItMayCall"},
	{"001", "the make of its phone", "Additional Extension Settings/Phone make"},
	{"001", "the model", "Additional Extension Settings/Phone Model"},
	{"001", "the MAC address", "Additional Extension Settings/MAC address of the phone"},
	{"001", "the line of the phone", "Additional Extension Settings/Registration number on the physical phone"},
	{"001", "another phone in its place", "TestReplacePhone"},
	{"001", "keys of the phone", "Controls/Opens the Phone Buttons configuration manager"},
	{"001", "an invitation to a softphone", "Second Step: Send the Invitation Email/copy the Username from this web page"},
	{"001", "the application of the maker itself", waiting + "its maker: any softphone is invited here"},
	{"001", "one editor for all that a person needs", "TestSeatsAreListedToPrint"},
	{"001", "an overview with user, mail, number, MAC, address and status, sorted and narrowed", "TestSeatsAreListedToPrint"},
	{"001", "a delete says what refers to it", "Removing an Extension/the extension may have a"},
	{"001", "a mailbox that others use stays", "Removing an Extension/the associated voicemail box might be being used elsewhere"},
	{"001", "agents", waiting + "F3"},
	{"001", "status: answers", "Status/OK"},
	{"001", "its address", "Configuration Options/IP"},
	{"001", "its port", "Configuration Options/Device signaling port"},
	{"001", "status: not asked", "Status/UNMONITORED"},
	{"001", "status: not registered", "Status/BLANK"},
	{"001", "status: does not answer", "Status/UNREACHABLE"},
	{"001", "status: given up", "Status/UNKNOWN"},
}

var asked002 = []asked{
	{"002", "a name to sign in", "Edit extension information/Insert a username (mandatory)"},
	{"002", "the whole name", "Edit extension information/Insert the user's full name"},
	{"002", "a picture", "Edit extension information/click to upload the image file associated with the user"},
	{"002", "a second step of signing in", "Edit extension information/Select if authentication is a single step process"},
	{"002", "and where its code goes", "Edit extension information/mandatory if 2 step verification is selected"},
	{"002", "whether the user may sign in", "Edit extension information/Select if user is allowed to log in"},
	{"002", "the role", "Edit extension information/Select the user's role from the drop-down menu (mandatory)"},
	{"002", "a forgotten password", "Edit extension profile/Reset password"},
	{"002", "a copy of the user", "Edit extension profile/Duplicate"},
	{"002", "phones signed off", "Edit extension profile/Unregister"},
	{"002", "a user deleted", "Edit extension profile/Delete the user"},
	{"002", "into a group", "Edit members configuration/add the extension to"},
	{"002", "and out of it", "Edit members configuration/to delete the group from the extension's list"},
	{"002", "another number", "Number settings/Insert the extension in Short number"},
	{"002", "the number that is shown", "Number settings/Select the presentation number from the drop-down menu"},
	{"002", "the dial plan", "Number settings/Select the dial plan profile from the drop-down menu"},
	{"002", "the country", "Number settings/Select the country from the drop-down menu"},
	{"002", "anonymous calls", "Number settings/Display presentation number"},
	{"002", "lamps that watch it", "Number settings/Presence, if the extension can be monitored"},
	{"002", "recorded calls", "Number settings/Recorded calls, if the extension can be recorded"},
	{"002", "users list their own calls", "TestUsersSeeTheirCalls"},
	{"002", "numbers added", "On open the Number settings pop-up window:/Select the numbers you want to add"},
	{"002", "numbers taken away", "On open the Number settings pop-up window:/to delete numbers from the extension's list"},
	{"002", "softphones allowed", "Allowed endpoints/Softphone, if a softphone can be used"},
	{"002", "mobiles allowed", "Allowed endpoints/Mobile application, if the mobile app can be used"},
	{"002", "others' softphones allowed", "Allowed endpoints/Third party softphones, if a third party softphone can be used"},
	{"002", "with a name and a password of the admin's choice", "Allowed endpoints/insert the SIP username and SIP password"},
	{"002", "desk phones allowed", "Allowed endpoints/IP phone, if an IP phone can be used"},
	{"002", "one of those in store", "Allowed endpoints/select the device from the drop-down menu"},
	{"002", "a softphone and an operator console of ours", waiting + "B8"},
	{"002", "unanswered calls to voicemail", "Configure voicemail/Select if unanswered calls are ended or sent to voicemail"},
	{"002", "its PIN", "Configure voicemail/Insert a PIN number"},
	{"002", "its mail", "Configure voicemail/Email notification, if an email is sent when a voicemail is received"},
	{"002", "its greeting", waiting + "F1, F2"},
	{"002", "announcements uploaded or recorded", waiting + "F2"},
	{"002", "callers who wait in line, how many, with a message", waiting + "F3"},
	{"002", "the music that they hear", waiting + "F2, F3"},
	{"002", "how many calls at once", "Call waiting & holding/Set the maximum simultaneous calls allowed"},
	{"002", "listens to others", "Configure monitoring/Monitor user's calls, if the extension can listen to other user's calls"},
	{"002", "is listened to", "Configure monitoring/Allow calls to be monitored, if other users can listen to this extension calls"},
	{"002", "no forward", "User unconditional forward/Don't forward calls"},
	{"002", "a forward of all calls", "User unconditional forward/Forward calls to a destination number"},
	{"002", "to a number outside", "User unconditional forward/Select a destination number from the drop-down menu"},
	{"002", "by a schedule", "User unconditional forward/Forward calls according to schedule rules"},
	{"002", "of days and hours", "User unconditional forward/configure the time and days"},
	{"002", "callers that are excepted", "Exception numbers/ADD NUMBER"},
	{"002", "written in any way", "TestExceptionsAreNumbers"},
	{"002", "as many as one wants", "Exception numbers/You can add as much numbers as you want to the exception numbers list"},
	{"002", "and none any more", "Exception numbers/to delete a number from the exception numbers list"},
	{"002", "a forward of what cannot be reached", "Conditional forward/Forward calls when not reachable"},
	{"002", "of what is busy", "Conditional forward/Forward calls when number is busy"},
	{"002", "of what nobody answers", "Conditional forward/Forward calls when number doesn't answer"},
	{"002", "after so many seconds, of all devices together", "Conditional forward/Set the Extension ring time"},
	{"002", "the schedule goes before", "Conditional forward/configuring unconditional forwarding will override conditional forwarding configuration"},
}

// TestEverythingAskedIsShown: each thing that a document asks for is shown by a row of the
// table or by another test, and each row of the table shows something.
func TestEverythingAskedIsShown(t *testing.T) {
	o := &seedOffice{}
	rows, tests := map[string]bool{}, testNames(t)
	for document, table := range map[string][]row{"000": o.rows000(), "001": o.rows001(), "002": o.rows002()} {
		for _, r := range table {
			rows[document+" "+r.setting] = true
		}
	}
	left := maps.Clone(rows)
	said := map[string]bool{}
	for _, a := range everythingAsked {
		if said[a.document+a.what] {
			t.Errorf("%s asks twice for %q", a.document, a.what)
		}
		said[a.document+a.what] = true
		at := a.document + " " + a.shown
		switch {
		case rows[at]:
			delete(left, at)
		case strings.HasPrefix(a.shown, waiting) && len(a.shown) > len(waiting):
		case !strings.HasPrefix(a.shown, "Test") || !tests[a.shown]:
			t.Errorf("%s asks for %q, and there is neither a row nor a test %q", a.document, a.what, a.shown)
		}
	}
	for at := range left {
		t.Errorf("row %q shows nothing that a document asks for", at)
	}
}

var testPattern = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// testNames are the tests of this repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	root := os.DirFS(filepath.Join("..", "..", "..", ".."))
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "." {
			return fs.SkipDir // a cache, or what git keeps
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		for _, m := range testPattern.FindAllSubmatch(text, -1) {
			out[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
