package limit

import (
	"fmt"
	"math"
	"net/netip"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestBucketGivesItsBurstAndThenOneAtATime(t *testing.T) {
	var b Bucket
	r := Rate{Burst: 3, Every: time.Minute}
	for _, step := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {0, true}, {0, true}, {0, false}, {59 * time.Second, false}, {60 * time.Second, true}, {60 * time.Second, false},
		{119 * time.Second, false}, {120 * time.Second, true}, {time.Hour, true}, {time.Hour, true}, {time.Hour, true}, {time.Hour, false}} {
		if got := b.Take(r, noon.Add(step.after)); got != step.want {
			t.Errorf("after %v: %v", step.after, got)
		}
	}
}

func TestWhatIsGivenBackDoesNotCount(t *testing.T) {
	var b Bucket
	r := Rate{Burst: 2, Every: time.Minute}
	for range 100 {
		if !b.Take(r, noon) {
			t.Fatal("attempts that were given back count")
		}
		b.GiveBack(r)
	}
	if !b.Full(noon) {
		t.Error("all was given back and the bucket is not full")
	}
	b.GiveBack(r)
	for i, want := range []bool{true, true, false} {
		if got := b.Take(r, noon); got != want {
			t.Errorf("after more was given back than taken, attempt %d: %v", i, got)
		}
	}
}

// Whatever comes when, a bucket never lets through more than its burst and its share of
// the time, nor refuses when a bucket filled by hand would have a whole token. The model
// counts tokens as fractions, which the bucket does not.
func TestBucketAgreesWithTokens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rate{rapid.IntRange(1, 20).Draw(t, "burst"), time.Duration(rapid.IntRange(1, 600).Draw(t, "every")) * time.Second}
		tokens, now := float64(r.Burst), noon
		var b Bucket
		for range rapid.IntRange(1, 50).Draw(t, "attempts") {
			passed := time.Duration(rapid.IntRange(0, 1200).Draw(t, "passed")) * time.Second
			now = now.Add(passed)
			tokens = math.Min(float64(r.Burst), tokens+passed.Seconds()/r.Every.Seconds())
			whole := math.Round(tokens*1e6) / 1e6
			got := b.Take(r, now)
			if got != (whole >= 1) {
				t.Fatalf("%+v: %v with %v tokens", r, got, tokens)
			}
			if got {
				tokens--
			}
		}
	})
}

// A crowd of strangers shares one bucket, and frees no one.
func TestCountIsBounded(t *testing.T) {
	const most = 10_000
	c := NewCount[string](Rate{3, time.Minute}, most)
	for range 3 {
		c.Take("victim", noon)
	}
	for i := range 3 * most {
		c.Take(fmt.Sprint(i), noon.Add(time.Duration(i)*time.Millisecond))
	}
	if len(c.names) > most {
		t.Errorf("%d names are remembered", len(c.names))
	}
	if c.Take("victim", noon.Add(40*time.Second)) || !c.Take("victim", noon.Add(time.Minute)) {
		t.Error("the crowd changed the victim's count")
	}
	if c.Take("newcomer", noon.Add(40*time.Second)) {
		t.Error("a newcomer is counted alone while all places are taken")
	}
	if later := noon.Add(10 * time.Minute); !c.Take("newcomer", later) || len(c.names) != 1 {
		t.Errorf("%d names are kept after all is over", len(c.names))
	}
	c.GiveBack("nobody") // leaves the others' bucket as good as new
}

func TestCountIsSafeForConcurrentUse(t *testing.T) {
	c := NewCount[int](Rate{5, time.Hour}, 4)
	var wg sync.WaitGroup
	let := make([]int, 4)
	for name := range let {
		wg.Go(func() {
			for range 50 {
				if c.Take(name, noon) {
					let[name]++
				}
			}
		})
	}
	wg.Wait()
	for name, n := range let {
		if n != 5 {
			t.Errorf("name %d was let through %d times", name, n)
		}
	}
}

func TestNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7": "192.0.2.7/32", "2001:db8:0:1:2:3:4:5": "2001:db8:0:1::/64",
		"fe80::1%eth0": "fe80::/64", "2001:db8::1": "2001:db8::/64",
	} {
		if got := NetworkOf(address); got.String() != want || got != Network(netip.MustParseAddr(address)) {
			t.Errorf("%s counts for %s", address, got)
		}
	}
	if NetworkOf("") != (netip.Prefix{}) || NetworkOf("x.example") != NetworkOf("") {
		t.Error("texts that are no address are several networks")
	}
}
