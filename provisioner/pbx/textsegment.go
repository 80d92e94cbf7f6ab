package pbx

import (
	"strings"
	"unicode/utf8"
)

// TextEncoding is how the characters of a text message are written on the air.
type TextEncoding string

// The encodings (3GPP TS 23.038, 6.2).
const (
	GSM7 TextEncoding = "GSM-7"
	UCS2 TextEncoding = "UCS-2"
)

// gsmBasic are the characters of the default alphabet that take one septet each, gsmExtended those
// that take two (3GPP TS 23.038, 6.2.1 and 6.2.1.1).
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// The room of a segment: alone, and among others, which takes a header of six bytes (3GPP TS
// 23.040, 9.2.3.24.1).
const (
	gsmAlone, gsmAmong = 160, 153 // septets
	ucsAlone, ucsAmong = 70, 67   // units of 16 bits
)

// TextSegments tells how a text is written, and how many segments it takes. A character of two
// units stands whole in one segment.
func TextSegments(text string) (TextEncoding, int) {
	enc, size, alone, among := GSM7, gsmSize, gsmAlone, gsmAmong
	if strings.ContainsFunc(text, func(r rune) bool { return gsmSize(r) == 0 }) {
		enc, size, alone, among = UCS2, ucsSize, ucsAlone, ucsAmong
	}
	all, segments, used := 0, 1, 0
	for _, r := range text {
		n := size(r)
		all += n
		if used += n; used > among {
			segments, used = segments+1, n
		}
	}
	if all <= alone {
		segments = 1
	}
	return enc, segments
}

// gsmSize is how many septets a character takes; 0 where the alphabet lacks it.
func gsmSize(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtended, r):
		return 2
	}
	return 0
}

func ucsSize(r rune) int {
	if r > 0xffff && r <= utf8.MaxRune {
		return 2
	}
	return 1
}
