// Package directory answers phones that look people up over LDAP.
//
// A remote phonebook and a directory file hold a bounded number of people and are as old as
// their last fetch. Over LDAP a phone asks while its user types, and for the name of a caller.
//
// It owns its connections. It may import provisioner/pbx and provisioner/limit. Beside LDAP's
// bind and search (RFC 4511) it speaks nothing: the phonebook is changed by the API alone.
// github.com/go-asn1-ber/asn1-ber reads and writes the encoding. github.com/jimlambrt/gldap was
// considered for the rest: it bounds neither connections nor requests under way.
package directory
