package pbx

// Role says what somebody may do. What each operation of the API needs stands
// where the operation is declared, in provisioner/api.
type Role string

// The roles. Users of tenants have UserRoles, those of resellers are reseller admins; only API
// tokens are platform admins.
const (
	RolePlatformAdmin Role = "platform-admin" // everything
	RoleResellerAdmin Role = "reseller-admin" // everything within the branch of one reseller
	RoleTenantAdmin   Role = "tenant-admin"   // everything within the tenant
	RoleOperator      Role = "operator"       // reads the tenant's objects, resyncs and reboots its phones
	RoleUser          Role = "user"           // sees the own extension and chooses the own device and PIN
)

// UserRoles are the roles that a user of a tenant can have.
var UserRoles = []Role{RoleTenantAdmin, RoleOperator, RoleUser}

// CheckRole refuses what is no role, and a role that does not fit the tenant: a
// platform admin has none, everybody else has one.
func CheckRole(role Role, tenant string) *Error {
	switch role {
	case RolePlatformAdmin:
		if tenant != "" {
			return Invalidf("role",
				"cannot be platform-admin within a tenant: leave tenant out, or choose tenant-admin, operator or user")
		}
	case RoleTenantAdmin, RoleOperator, RoleUser:
		if tenant == "" {
			return Invalidf("tenant", "is required for the role %s", role)
		}
	case "":
		return Invalidf("role", "is required: tenant-admin, operator or user")
	default:
		return Invalidf("role", "must be one of tenant-admin, operator and user")
	}
	return nil
}

// CheckTokenRole refuses a role for a token that does not fit the account: a reseller admin
// has a reseller and no tenant, everybody else no reseller.
func CheckTokenRole(role Role, tenant, reseller string) *Error {
	switch {
	case role == RoleUser:
		return Invalidf("role",
			"cannot be user for a token: people sign in with that role; choose tenant-admin or operator")
	case role == RoleResellerAdmin && tenant != "":
		return Invalidf("tenant", "does not go with the role reseller-admin, which reaches the whole branch: leave it out")
	case role == RoleResellerAdmin && reseller == "":
		return Invalidf("reseller", "is required for the role reseller-admin")
	case role == RoleResellerAdmin:
		return CheckResellerName("reseller", reseller)
	case reseller != "":
		return Invalidf("reseller", "cannot be set with another role than reseller-admin")
	}
	return CheckRole(role, tenant)
}

// SecondStep is what a user must show beside the password to sign in.
type SecondStep string

// The second steps.
const (
	SecondStepNone  SecondStep = "none"
	SecondStepEmail SecondStep = "email" // a one-time code that is mailed to the personal contact
)
