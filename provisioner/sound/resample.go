package sound

import "math"

// The low-pass filter of a resampler is a sinc cut by a Kaiser window (J. F. Kaiser,
// "Nonrecursive digital filter design using the I0-sinh window function", 1974).
const (
	// stopBand is how far down the filter has what it must not let through, in dB.
	stopBand = 80
	// transition is how wide the filter is between what passes and what does not, as a part of
	// the lower of the two rates. It lies around half of that rate.
	transition = 0.15
	// mostPhases bounds the table of the filter. Rates with more phases, such as 44,101 Hz, take
	// them from between two of the table.
	mostPhases = 640
)

// resampler makes samples of another rate.
type resampler struct {
	out     func([]float32)
	also    func([]float32) // gets the same as out; may be nil
	same    bool            // the rates are the same
	up      int64           // a sample of the result lies down/up samples behind the one before
	down    int64
	phases  int64
	reach   int       // how many samples the filter needs before and behind a place
	table   []float32 // 2*reach weights for each phase, and those of the phase after the last
	have    []float32 // samples that are still needed
	first   int64     // place of have[0], from -reach on
	made    int64     // samples of the result
	total   int64     // samples that came in
	results []float32
}

func newResampler(from, to int, out func([]float32)) *resampler {
	if from == to {
		return &resampler{same: true, out: out}
	}
	divisor := gcd(from, to)
	r := &resampler{out: out, up: int64(to / divisor), down: int64(from / divisor)}
	lower := min(1, float64(to)/float64(from)) // of the two rates, as a part of the one that comes in
	// Kaiser's estimate of how many weights keep to stopBand and transition.
	taps := (stopBand - 8) / (2.285 * 2 * math.Pi * transition * lower)
	r.reach = int(math.Ceil(taps / 2))
	r.phases = min(r.up, mostPhases)
	r.table = make([]float32, int(r.phases+1)*2*r.reach)
	for phase := range int(r.phases) + 1 {
		r.weigh(r.table[phase*2*r.reach:][:2*r.reach], float64(phase)/float64(r.phases), lower)
	}
	r.have, r.first = make([]float32, r.reach), -int64(r.reach)
	r.results = make([]float32, 0, blockSamples)
	return r
}

// weigh computes the weights for a place that lies a part of a sample behind one. Together they
// are 1, so that every phase is as loud as the others.
func (r *resampler) weigh(row []float32, part, lower float64) {
	const beta = 0.1102 * (stopBand - 8.7)
	sum, values := 0.0, make([]float64, len(row))
	for i := range row {
		x := float64(i-r.reach+1) - part
		if at := x / float64(r.reach); math.Abs(at) < 1 {
			values[i] = sinc(x*lower) * bessel(beta*math.Sqrt(1-at*at))
		}
		sum += values[i]
	}
	for i, v := range values {
		row[i] = float32(v / sum)
	}
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel is the modified Bessel function of the first kind and order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		term *= x / (2 * k) * (x / (2 * k))
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// add takes samples and makes as many as they are enough for.
func (r *resampler) add(samples []float32) {
	if r.same {
		r.give(samples)
		return
	}
	r.have = append(r.have, samples...)
	r.total += int64(len(samples))
	r.make(math.MaxInt64)
}

// flush makes the last samples. The result is as long as what came in, rounded up.
func (r *resampler) flush() {
	if r.same {
		return
	}
	r.have = append(r.have, make([]float32, r.reach+1)...)
	r.make((r.total*r.up + r.down - 1) / r.down)
}

func (r *resampler) give(samples []float32) {
	if len(samples) == 0 {
		return
	}
	r.out(samples)
	if r.also != nil {
		r.also(samples)
	}
}

// make makes samples of the result, up to most in all.
func (r *resampler) make(most int64) {
	width := int64(2 * r.reach)
	for r.made < most {
		place := r.made * r.down
		at := place/r.up - int64(r.reach) + 1 - r.first
		if at+width > int64(len(r.have)) {
			break
		}
		r.results = append(r.results, r.at(r.have[at:at+width], place%r.up))
		if r.made++; len(r.results) == cap(r.results) {
			r.give(r.results)
			r.results = r.results[:0]
		}
	}
	r.give(r.results)
	r.results = r.results[:0]
	done := min(r.made*r.down/r.up-int64(r.reach)+1-r.first, int64(len(r.have)))
	if done > blockSamples {
		r.have = r.have[:copy(r.have, r.have[done:])]
		r.first += done
	}
}

// at is the value between samples, at a place that lies part/up samples behind one.
func (r *resampler) at(samples []float32, part int64) float32 {
	width := int64(2 * r.reach)
	phase := part * r.phases / r.up
	value := product(samples, r.table[phase*width:][:width])
	if over := part*r.phases - phase*r.up; over != 0 {
		next := product(samples, r.table[(phase+1)*width:][:width])
		value += (next - value) * float32(over) / float32(r.up)
	}
	return value
}

// product is the sum of samples by weights. Four sums let the processor add at the same time.
func product(samples, weights []float32) float32 {
	var a, b, c, d float32
	weights = weights[:len(samples)]
	i := 0
	for ; i+4 <= len(samples); i += 4 {
		s, w := samples[i:i+4:i+4], weights[i:i+4:i+4]
		a += s[0] * w[0]
		b += s[1] * w[1]
		c += s[2] * w[2]
		d += s[3] * w[3]
	}
	for ; i < len(samples); i++ {
		a += samples[i] * weights[i]
	}
	return a + b + c + d
}
