package pbx

// Author says in the audit trail on whose behalf configuration is changed.
type Author struct {
	Actor   string // name of the token, or of the part of Dialtone that acts
	Address string // where the request came from; "" for Dialtone itself
	// Account is where in the account tree the actor acts; the audit does not keep it.
	Account Account
}
