package api

import (
	"context"
	"reflect"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// FeatureCodesFields is what a client may write.
type FeatureCodesFields struct {
	FeatureCodeFields `row:"Codes,by hand"`
	ParkSlots         *string `json:"park_slots,omitempty" maxLength:"13" doc:"Numbers at which calls are parked: a call that is transferred to one waits there, and whoever dials it takes the call. 701-720 if left out; an empty text parks nothing"`
	ParkSeconds       int     `json:"park_seconds,omitempty" doc:"How long a parked call waits before it rings the phone that parked it, 10 to 3600; 60 if left out"`
}

// FeatureCodeFields are the codes. pbx defines their features where a code is not set.
type FeatureCodeFields struct {
	Voicemail             *string `json:"voicemail,omitempty" maxLength:"10" doc:"Opens the mailbox of the caller's extension. *97 if left out; an empty text switches it off"`
	Pickup                *string `json:"pickup,omitempty" maxLength:"10" doc:"Takes a call that rings at a member of the caller's groups. *8 if left out; an empty text switches it off"`
	DirectedPickup        *string `json:"directed_pickup,omitempty" maxLength:"10" doc:"With the number of an extension behind it: takes the call that rings there. ** if left out; an empty text switches it off"`
	SignIn                *string `json:"sign_in,omitempty" maxLength:"10" doc:"Asks on a shared device for number and PIN. *11 if left out; an empty text switches it off"`
	SignOut               *string `json:"sign_out,omitempty" maxLength:"10" doc:"Leaves a shared device. *12 if left out; an empty text switches it off"`
	ForwardAll            *string `json:"forward_all,omitempty" maxLength:"10" doc:"With a number behind it: sends every call to the caller's extension there. *72 if left out; an empty text switches it off"`
	ForwardAllOff         *string `json:"forward_all_off,omitempty" maxLength:"10" doc:"Ends that; a schedule holds again. *73 if left out; an empty text switches it off"`
	ForwardBusy           *string `json:"forward_busy,omitempty" maxLength:"10" doc:"With a number behind it: sends calls there that find the extension busy. *90 if left out; an empty text switches it off"`
	ForwardBusyOff        *string `json:"forward_busy_off,omitempty" maxLength:"10" doc:"Ends that. *91 if left out; an empty text switches it off"`
	ForwardNoAnswer       *string `json:"forward_no_answer,omitempty" maxLength:"10" doc:"With a number behind it: sends calls there that nobody answers. *92 if left out; an empty text switches it off"`
	ForwardNoAnswerOff    *string `json:"forward_no_answer_off,omitempty" maxLength:"10" doc:"Ends that. *93 if left out; an empty text switches it off"`
	ForwardUnreachable    *string `json:"forward_unreachable,omitempty" maxLength:"10" doc:"With a number behind it: sends calls there when no device can be reached. *94 if left out; an empty text switches it off"`
	ForwardUnreachableOff *string `json:"forward_unreachable_off,omitempty" maxLength:"10" doc:"Ends that. *95 if left out; an empty text switches it off"`
	DoNotDisturb          *string `json:"do_not_disturb,omitempty" maxLength:"10" doc:"The caller's extension does not ring any more. With its own number behind it, as this and every forward code have it: on if it is off, off if it is on; a lamp can watch that number. *78 if left out; an empty text switches it off"`
	DoNotDisturbOff       *string `json:"do_not_disturb_off,omitempty" maxLength:"10" doc:"It rings again. *79 if left out; an empty text switches it off"`
	CallWaiting           *string `json:"call_waiting,omitempty" maxLength:"10" doc:"The caller's extension takes a second call. *70 if left out; an empty text switches it off"`
	CallWaitingOff        *string `json:"call_waiting_off,omitempty" maxLength:"10" doc:"It is busy while it is in a call. *71 if left out; an empty text switches it off"`
	Intercom              *string `json:"intercom,omitempty" maxLength:"10" doc:"With the number of an extension behind it: its desk phones answer by themselves. *50 if left out; an empty text switches it off"`
	EchoTest              *string `json:"echo_test,omitempty" maxLength:"10" doc:"Plays back what the caller says. *43 if left out; an empty text switches it off"`
	Monitor               *string `json:"monitor,omitempty" maxLength:"10" doc:"With the number of an extension behind it: listens to the call that one of its phones is in, if the caller's extension monitors and the other is monitored. During it 4 listens, 5 talks to the extension alone, 6 talks to both. *55 if left out; an empty text switches it off"`
	Record                *string `json:"record,omitempty" maxLength:"10" doc:"Pressed during a call on a phone whose extension has record_on_demand: starts to record the call, and stops it again. * or # and at least one more. *1 if left out; an empty text switches it off"`
}

// FeatureCodes is what a client reads.
type FeatureCodes struct {
	FeatureCodesFields
	Apply ApplyBlock `json:"apply"`
}

// codes are the members that hold codes, by feature, which is their name in JSON.
func (f *FeatureCodeFields) codes() map[pbx.Feature]**string {
	v := reflect.ValueOf(f).Elem()
	out := make(map[pbx.Feature]**string, v.NumField())
	for i := range v.NumField() {
		out[pbx.Feature(jsonName(v.Type().Field(i)))] = v.Field(i).Addr().Interface().(**string)
	}
	return out
}

// registerFeatureCodes declares reading and changing: each tenant has exactly one of
// these.
func registerFeatureCodes(a *api) {
	const path = "/v1/tenants/{tenant}/feature-codes"
	k := newKind(kind[pbx.FeatureCodes, FeatureCodesFields, FeatureCodes]{
		name: "feature-codes", plural: "feature-codes", path: path, rows: a.ctl.FeatureCodes, who: ofTenant,
		parseKey: func(_, _ string) (string, *pbx.Error) { return "feature-codes", nil },
		fresh:    func(tenant, _ string) *pbx.FeatureCodes { return pbx.DefaultFeatureCodes(tenant) },
		toRow: func(w FeatureCodesFields, _, c *pbx.FeatureCodes) error {
			for feature, at := range w.codes() {
				c.Codes[feature] = or(*at, c.Codes[feature])
			}
			return nil
		},
		toFields: func(c *pbx.FeatureCodes, w *FeatureCodesFields) {
			for feature, at := range w.codes() {
				code := c.Codes[feature]
				*at = &code
			}
		},
		revision: func(c *pbx.FeatureCodes) int64 { return c.Revision },
		apply:    func(v *FeatureCodes) *ApplyBlock { return &v.Apply },
	})
	declare(a, operators, k.operation("GET", path, "get-feature-codes", "What phones of the tenant dial for features"),
		func(ctx context.Context, in *getInput) (*answer[FeatureCodes], error) {
			return k.get(ctx, a, in.Place)
		})
	declare(a, tenantAdmins, k.operation("PUT", path, "put-feature-codes", "Replace"),
		func(ctx context.Context, in *bodyInput[FeatureCodesFields]) (*answer[FeatureCodes], error) {
			return k.write(ctx, a, in.Place, in.WriteHeaders, func(*pbx.FeatureCodes) (FeatureCodesFields,
				error) {
				return in.Body, nil
			})
		})
	registerPatch(a, k, path)
}
