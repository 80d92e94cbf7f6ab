package api

import (
	"cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/fleet"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Button is what one key of a phone does.
type Button struct {
	Kind  string `json:"kind" enum:"line,blf,speed-dial,park,parked,pickup,dtmf,forward,do-not-disturb,voicemail,intercom,url,hold,transfer,conference,record,redial,directory,ldap,history,paging,none" doc:"line: a registration. blf: the lamp of an extension of the tenant; pressed, it calls. speed-dial: dials the value. intercom: calls the extension, whose phones answer by themselves. pickup: takes the call that rings at the extension, or in a group of one's own if the value is left out; any other value is dialled. park: parks the call at the slot. parked: the lamp of a slot; pressed, it takes the call. dtmf: sends the value as tones. forward: sends every call to the value, and back; lit while on. do-not-disturb: on and off; lit while on. voicemail: calls the messages. url: asks for a web address. hold, conference, directory: as the phone's own key. transfer: to the value, or to what is dialled next. record: has the call recorded where record_on_demand is set, and ends that. redial, history: as the phone's own key (Polycom only). ldap: searches the phonebook over LDAP (Yealink only). paging: speaks to all phones that listen at the value, a multicast address of paging in phone-settings (Yealink only). none: nothing, whatever a template says"`
	Value string `json:"value,omitempty" doc:"Extension, number, digits or address; none for line, do-not-disturb, hold, conference, record, redial, directory, ldap, history and none; the tenant's code if left out for voicemail and pickup"`
	Label string `json:"label,omitempty" doc:"What stands beside the key, at most 40 characters; the name of the extension if left out"`
	Line  int    `json:"line,omitempty" minimum:"1" maximum:"250" doc:"Registration it uses; 1 if left out. On a Polycom all lamps use that of the first one"`
}

func buttonFields(bs []pbx.Button) map[string]Button {
	out := make(map[string]Button, len(bs))
	for _, b := range bs {
		out[b.Place()] = Button{Kind: string(b.Kind), Value: b.Value, Label: b.Label, Line: b.Line}
	}
	return out
}

func buildButtons(fields map[string]Button) ([]pbx.Button, error) {
	var out []pbx.Button
	var es pbx.Errors
	for place, b := range fields {
		module, key, err := pbx.ParsePlace(place)
		es.Add(err)
		out = append(out, pbx.Button{Module: module, Key: key, Kind: pbx.ButtonKind(b.Kind), Value: b.Value, Label: b.Label,
			Line: cmp.Or(b.Line, 1)})
	}
	if len(es) > 1 {
		es = es[:1] // of a map, whichever comes first
	}
	return pbx.SortButtons(out), es.Err()
}

// ButtonTemplateFields is what a client may write.
type ButtonTemplateFields struct {
	Model   string            `json:"model,omitempty" doc:"A model of GET /v1/phone-models, or default for all phones of the tenant; taken from the path in PUT and PATCH"`
	Buttons map[string]Button `row:"Buttons,by hand" json:"buttons" doc:"By place, as in a phone. A phone's own buttons stand before its model's, those before the tenant's default"`
}

// ButtonTemplate is what a client reads.
type ButtonTemplate struct {
	ButtonTemplateFields
	Apply ApplyBlock `json:"apply"`
}

func registerButtonTemplates(a *api) {
	registerKind(a, newKind(kind[pbx.ButtonTemplate, ButtonTemplateFields, ButtonTemplate]{
		name: "button-template", plural: "button-templates", path: "/v1/tenants/{tenant}/button-templates", keyName: "model",
		rows: a.ctl.ButtonTemplates, who: ofTenant,
		parseKey: fleet.ButtonTemplateName,
		fresh: func(tenant, model string) *pbx.ButtonTemplate {
			return &pbx.ButtonTemplate{Tenant: tenant, Model: model}
		},
		toRow: func(w ButtonTemplateFields, _, t *pbx.ButtonTemplate) (err error) {
			t.Buttons, err = buildButtons(w.Buttons)
			return err
		},
		toFields: func(t *pbx.ButtonTemplate, w *ButtonTemplateFields) { w.Buttons = buttonFields(t.Buttons) },
		revision: func(t *pbx.ButtonTemplate) int64 { return t.Revision },
		apply:    func(v *ButtonTemplate) *ApplyBlock { return &v.Apply },
	}))
}
