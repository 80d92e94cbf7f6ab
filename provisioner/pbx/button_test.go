package pbx

import (
	"strings"
	"testing"
)

func TestPlaces(t *testing.T) {
	for text, want := range map[string][2]int{"1": {0, 1}, "27": {0, 27}, "m2-7": {2, 7}, "m6-78": {6, 78}} {
		module, key, err := ParsePlace(text)
		if err != nil || module != want[0] || key != want[1] {
			t.Errorf("%s: %d %d %v", text, module, key, err)
		}
		if back := (Button{Module: module, Key: key}).Place(); back != text {
			t.Errorf("%s comes back as %s", text, back)
		}
	}
	for _, text := range []string{"", "0", "01", "m0-1", "m1-0", "m1", "1-1", "m1-1-1", "-1", "x", "1000", "m100-1", "1\n"} {
		if _, _, err := ParsePlace(text); err == nil {
			t.Errorf("%q is a place", text)
		}
	}
}

func TestButtonValidate(t *testing.T) {
	check := func(b Button) Errors {
		es, _ := (&ButtonTemplate{Model: DefaultButtons, Buttons: []Button{b}}).Validate().(Errors)
		return es
	}
	for _, b := range []Button{
		{Key: 1, Kind: BLFButton, Value: "101", Line: 1}, {Key: 120, Module: 6, Kind: SpeedDialButton, Value: "+4930*1#", Label: "Büro", Line: 250}, {Key: 1, Kind: NoButton, Line: 1}, {Key: 1, Kind: LineButton, Line: 3},
		{Key: 1, Kind: DTMFButton, Value: "*1A#", Line: 1}, {Key: 1, Kind: VoicemailButton, Line: 1}, {Key: 1, Kind: VoicemailButton, Value: "*98", Line: 1}, {Key: 1, Kind: URLButton, Value: "https://h/x?a=b&c=d", Line: 1},
		{Key: 1, Kind: HoldButton, Line: 1}, {Key: 1, Kind: TransferButton, Line: 1}, {Key: 1, Kind: TransferButton, Value: "102", Line: 1}, {Key: 1, Kind: PagingButton, Value: "224.0.1.75:10000", Line: 1},
	} {
		if es := check(b); es != nil {
			t.Errorf("%+v: %v", b, es)
		}
	}
	for field, bs := range map[string][]Button{
		"buttons.121":     {{Key: 121, Kind: NoButton, Line: 1}},
		"buttons.m7-1":    {{Module: 7, Key: 1, Kind: NoButton, Line: 1}},
		"buttons.1.line":  {{Key: 1, Kind: NoButton}, {Key: 1, Kind: NoButton, Line: 251}},
		"buttons.1.kind":  {{Key: 1, Kind: "", Line: 1}, {Key: 1, Kind: "BLF", Value: "101", Line: 1}},
		"buttons.1.label": {{Key: 1, Kind: NoButton, Line: 1, Label: "a\nb"}, {Key: 1, Kind: NoButton, Line: 1, Label: strings.Repeat("x", 41)}},
		"buttons.1.value": {{Key: 1, Kind: BLFButton, Line: 1}, {Key: 1, Kind: BLFButton, Value: "*8", Line: 1}, {Key: 1, Kind: LineButton, Value: "1", Line: 1}, {Key: 1, Kind: ParkButton, Line: 1}, {Key: 1, Kind: SpeedDialButton, Value: "1$Tinvite$", Line: 1},
			{Key: 1, Kind: SpeedDialButton, Value: "1\n2", Line: 1}, {Key: 1, Kind: DTMFButton, Value: "+", Line: 1}, {Key: 1, Kind: URLButton, Value: "ftp://h", Line: 1}, {Key: 1, Kind: URLButton, Value: "http://h/^*", Line: 1},
			{Key: 1, Kind: HoldButton, Value: "1", Line: 1}, {Key: 1, Kind: TransferButton, Value: "a b", Line: 1}, {Key: 1, Kind: PagingButton, Line: 1}, {Key: 1, Kind: PagingButton, Value: "224.0.1.75", Line: 1},
			{Key: 1, Kind: PagingButton, Value: "192.0.2.1:5000", Line: 1}, {Key: 1, Kind: PagingButton, Value: "224.0.0.5:5000", Line: 1}, {Key: 1, Kind: PagingButton, Value: "224.0.1.75:80", Line: 1}, {Key: 1, Kind: PagingButton, Value: "[ff02::1]:5000", Line: 1}},
	} {
		for _, b := range bs {
			if es := check(b); len(es) != 1 || es[0].Field != field {
				t.Errorf("%+v: %v, want an error about %s", b, es, field)
			}
		}
	}
	twice := ButtonTemplate{Model: "T46U", Buttons: []Button{{Key: 2, Kind: NoButton, Line: 1}, {Key: 2, Kind: NoButton, Line: 1}}}
	if err := twice.Validate(); err == nil || !strings.Contains(err.Error(), "buttons.2 is given twice") {
		t.Error(err)
	}
}
