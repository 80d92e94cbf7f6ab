package phone

import (
	"context"
	"strings"
	"testing"
	"time"
)

const (
	cm80  = "AES_CM_128_HMAC_SHA1_80"
	cm32  = "AES_CM_128_HMAC_SHA1_32"
	big80 = "AES_256_CM_HMAC_SHA1_80"
)

// Calls are encrypted with a cipher that both have, in the clear where one has none and none is
// demanded, and refused otherwise.
func TestSRTPBetweenPhones(t *testing.T) {
	optional, required := SRTP{Offered: true, Ciphers: []string{cm80, cm32}}, SRTP{Offered: true, Required: true, Ciphers: []string{cm32}}
	for name, tt := range map[string]struct {
		from, to SRTP
		want     string // cipher, "plain" or "refused"
	}{
		"neither":               {SRTP{}, SRTP{}, "plain"},
		"both":                  {optional, optional, cm80},
		"offered to nobody":     {optional, SRTP{}, "plain"},
		"of another cipher":     {SRTP{Offered: true, Ciphers: []string{"F8_128_HMAC_SHA1_80", cm80}}, required, "refused"},
		"the one that is known": {optional, required, cm32},
		"256 bits":              {SRTP{Offered: true, Ciphers: []string{big80, cm80}}, SRTP{Ciphers: []string{cm80, big80}}, big80},
		"demanded of nobody":    {required, SRTP{}, "refused"},
		"demanded by them":      {SRTP{}, required, "refused"},
		"of two streams":        {SRTP{Offered: true, Twice: true, Ciphers: []string{cm80}}, optional, cm80},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			callee, caller := newPhone(t, Options{AutoAnswer: true, AutoTone: 440}), newPhone(t, Options{MAC: "805ec0aabb02"})
			callee.UseAccount(Account{SRTP: tt.to})
			caller.UseAccount(Account{SRTP: tt.from})
			addr, err := callee.Listen()
			if err != nil {
				t.Fatal(err)
			}
			out, err := caller.CallURI(ctx, "sip:102@"+addr)
			if tt.want == "refused" {
				if err == nil || out.Status() != 488 {
					t.Fatalf("answered %v, %v", out.Status(), err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			in := <-callee.Incoming()
			out.Tone(1000)
			for _, err := range []error{out.Hear(ctx, 440, 300*time.Millisecond), in.Hear(ctx, 1000, 300*time.Millisecond)} {
				if err != nil {
					t.Error(err)
				}
			}
			a, b := out.Stats(), in.Stats()
			if want := strings.TrimPrefix(tt.want, "plain"); a.Cipher != want || b.Cipher != want || a.Undeciphered+b.Undeciphered > 0 {
				t.Errorf("caller %q, callee %q, want %q; %d and %d packets did not fit", a.Cipher, b.Cipher, want, a.Undeciphered, b.Undeciphered)
			}
			if err := out.Hangup(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

// A stream that is refused is not the one that is talked over.
func TestSecondStreamIsTaken(t *testing.T) {
	s, err := readSDP([]byte("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 0 RTP/SAVP 0\r\na=crypto:1 " + cm80 + " inline:x\r\nm=audio 4000 RTP/AVP 8\r\na=sendonly\r\n"))
	if err != nil || s.addr.Port() != 4000 || s.profile.secure() || len(s.crypto) > 0 || s.direction != "sendonly" || s.names()[0] != "PCMA" {
		t.Errorf("%+v, %v", s, err)
	}
}

// A key of the wrong length or form is none; what follows it is left aside (RFC 4568 section 6.1).
func TestReadCrypto(t *testing.T) {
	key := "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz" // of RFC 4568 section 4.1
	for line, want := range map[string]bool{
		"1 " + cm80 + " inline:" + key + "|2^20|1:4 FEC_ORDER=FEC_SRTP": true, "7 " + cm32 + " inline:" + key: true,
		"1 " + big80 + " inline:" + key: false, "1 F8_128_HMAC_SHA1_80 inline:" + key: false, "x " + cm80 + " inline:" + key: false,
		"1 " + cm80 + " " + key: false, "1 " + cm80 + " inline:!": false, "1 " + cm80: false, "": false,
	} {
		if c, ok := readCrypto(line); ok != want || ok && len(c.key) != 30 {
			t.Errorf("%q: %v %d bytes", line, ok, len(c.key))
		}
	}
}
