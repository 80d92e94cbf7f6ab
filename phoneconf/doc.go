// Package phoneconf turns (snapshot, phone, site) into the phone's files, and
// knows what there is to know about phones: models, file names, request paths and
// User-Agents. Facts and their sources are in the notes phones/yealink.md and
// phones/polycom.md; [K] there and here means never confirmed on a real phone.
//
// A phone has habits from its factory, and a Yealink keeps whatever a file ever set. What
// our files say against both is in the table of habits_test.go, by make and era: a new
// behaviour of Dialtone has a row there first.
//
// It owns the two dialects (yealinkValue, xmlAttr) and performs no input or output:
// the same arguments give the same bytes, because a Yealink compares the MD5 of
// each file with the last one and applies what differs. The engine may hold a site's
// own templates (see package templates); sited.go checks what they make. It may import
// provisioner/pbx and templates.
package phoneconf
