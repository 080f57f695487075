package idp

// Password is what every demo user signs in with. It is no secret: it is printed on the sign-in page, and the provider is reachable from the same
// machine only.
const Password = "demo"

// User is a person who can sign in.
type User struct {
	// ID is the subject in tokens. It stays the same over restarts, or the person would become another one.
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	// Groups become the `groups` claim, from which Renown derives roles.
	Groups []string `json:"groups"`
	// May tells on the sign-in page what the person may do, in a few words.
	May string `json:"may"`
}

// DemoUsers returns one person for each role, with addresses under domain. The groups are named like the roles that follow from them.
func DemoUsers(domain string) []User {
	user := func(username, name, group, may string) User {
		return User{ID: "demo-" + username, Username: username, Name: name, Email: username + "@" + domain, Groups: []string{group}, May: may}
	}
	return []User{
		user("ada", "Ada Lindqvist", "author", "Author: writes stories and sends them to review"),
		user("edda", "Edda Marquardt", "editor", "Editor: writes, asks customers to sign, publishes and withdraws"),
		user("pavel", "Pavel Hradil", "approver", "Approver: reads what others wrote, approves it or asks for changes"),
		user("marta", "Marta Solberg-Ionescu", "manager", "Programme manager: runs the loyalty programmes"),
		user("agnes", "Agnes Obi-Farkas", "admin", "Administrator: everything, and people, apps and keys"),
	}
}

// GroupRoles tells the partners service which roles follow from the groups of DemoUsers.
const GroupRoles = "author=author,editor=editor,approver=approver,manager=manager,admin=admin"
