package doctor

import "strings"

// unless is what is wrong, unless all is well.
func unless(ok bool, what string) string {
	if ok {
		return ""
	}
	return what
}

// list writes several things.
func list(names []string) string { return strings.Join(names, ", ") }

func allows(statement value) bool { return statement.at("Effect").text() == "Allow" }

// anyone tells if a principal is everybody.
func anyone(principal value) bool { return principal.text() == "*" || principal.at("AWS").has("*") }

// deniesPlain tells if a statement denies anyone to come without TLS.
func deniesPlain(statement value) bool {
	return statement.at("Effect").text() == "Deny" && anyone(statement.at("Principal")) &&
		statement.at("Condition", "Bool", "aws:SecureTransport").no()
}
