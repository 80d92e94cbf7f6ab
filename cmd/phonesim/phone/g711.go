package phone

import "math/bits"

// G.711 in both laws (ITU-T G.711; the segment arithmetic is that of the public-domain g711.c).

const (
	ulawBias = 0x84
	ulawClip = 32635
)

func linearToUlaw(s int16) byte {
	v, sign := int(s), byte(0)
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, ulawClip) + ulawBias
	exp := bits.Len(uint(v)) - 8 // 0..7: the segment
	return ^(sign | byte(exp<<4) | byte(v>>(exp+3)&0x0f))
}

func ulawToLinear(u byte) int16 {
	u = ^u
	v := (int(u&0x0f)<<3+ulawBias)<<(u>>4&7) - ulawBias
	if u&0x80 != 0 {
		v = -v
	}
	return int16(v)
}

func linearToAlaw(s int16) byte {
	v, mask := int(s)>>3, byte(0xd5)
	if v < 0 {
		v, mask = -v-1, 0x55
	}
	if v < 32 {
		return byte(v>>1) ^ mask
	}
	exp := bits.Len(uint(v)) - 5 // 1..7: the segment
	return (byte(exp<<4) | byte(v>>exp&0x0f)) ^ mask
}

func alawToLinear(a byte) int16 {
	a ^= 0x55
	v := int(a&0x0f)<<4 + 8
	if exp := a >> 4 & 7; exp > 0 {
		v = (v + 0x100) << (exp - 1)
	}
	if a&0x80 == 0 {
		v = -v
	}
	return int16(v)
}

func encode(payload int, s int16) byte {
	if payload == payloadPCMA {
		return linearToAlaw(s)
	}
	return linearToUlaw(s)
}

func decode(payload int, b []byte) []int16 {
	out := make([]int16, len(b))
	for i, c := range b {
		if payload == payloadPCMA {
			out[i] = alawToLinear(c)
		} else {
			out[i] = ulawToLinear(c)
		}
	}
	return out
}
