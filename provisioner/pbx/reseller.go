package pbx

// Reseller owns tenants and other resellers. All below one is its branch. Limits bound what
// it hands on to those right below it, in sum; 0 is without limit.
type Reseller struct {
	Name   string // key; the rules of a tenant's name
	Parent string // the reseller above; "" is the platform
	Title  string // what people call it, 0–100 characters
	// MaxExtensions, MaxCalls and MaxNumbers are 0–1,000,000 each.
	MaxExtensions int
	MaxCalls      int
	MaxNumbers    int
	// DefaultNumber gives each new tenant a number of the pool, of DefaultNumberKind and with
	// DefaultNumberPrefix, such as +4930, where these are not "".
	DefaultNumber       bool
	DefaultNumberKind   string
	DefaultNumberPrefix string
	// AgingDays is how long a number rests that carried calls when a tenant gives it back,
	// 0–3650.
	AgingDays int
	Version   int64 // row version
	Revision  int64 // configuration revision of the last change
}

// Validate returns all broken rules.
func (r *Reseller) Validate() error {
	var es Errors
	es.Add(CheckResellerName("name", r.Name))
	if r.Parent != "" {
		es.Add(CheckResellerName("parent", r.Parent))
	}
	if r.Parent == r.Name {
		es.Add(Invalidf("parent", "cannot be the reseller itself"))
	}
	es.Add(CheckText("title", r.Title, 0, 100, 0))
	es.Add(CheckRange("max_extensions", r.MaxExtensions, 0, 1_000_000, "extensions"))
	es.Add(CheckRange("max_calls", r.MaxCalls, 0, 1_000_000, "calls"))
	es.Add(CheckRange("max_numbers", r.MaxNumbers, 0, 1_000_000, "numbers"))
	es.Add(CheckRange("aging_days", r.AgingDays, 0, 3650, "days"))
	if r.DefaultNumberKind != "" {
		es.Add(CheckNumberKind("default_number_kind", r.DefaultNumberKind))
	}
	if r.DefaultNumberPrefix != "" {
		es.Add(CheckPrefix("default_number_prefix", r.DefaultNumberPrefix))
	}
	return es.Err()
}

// CheckResellerName refuses a name that is not 1–31 lower-case letters, digits and hyphens.
func CheckResellerName(field, s string) *Error {
	if !tenantPattern.MatchString(s) {
		return Invalidf(field,
			"%s is not the name of a reseller: use 1 to 31 lower-case letters, digits and hyphens, starting with a letter or digit",
			quote(s))
	}
	return nil
}
