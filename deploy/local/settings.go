package main

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"renown.example/kit/fault"
	"renown.example/kit/ready"
	"renown.example/stories/mail"
	"renown.example/stories/purge"
)

// settings are those of the whole platform in one process: flags, environment and file alike.
type settings struct {
	Data         string         `help:"Folder that holds everything. It is made if it is missing, readable by its owner only." default:"renown-data" placeholder:"DIR"`
	Website      string         `help:"Address of the website." default:"127.0.0.1:8080"`
	API          string         `name:"api" help:"Address of REST and its reference." default:"127.0.0.1:8081"`
	Admin        string         `help:"Address of metrics and profiles, on this machine only." default:"127.0.0.1:8083"`
	PublicURL    string         `name:"public-url" help:"The website's address as people type it; it follows from --website where that is on this machine." placeholder:"URL"`
	APIURL       string         `name:"api-url" help:"The address of REST as programs know it; it follows from --api where that is on this machine." placeholder:"URL"`
	Import       string         `help:"Folder of case studies to import: Markdown, MDX or HTML, and their pictures." placeholder:"DIR"`
	DryRun       bool           `help:"Only say what --import would do, and stop: with status 0 if all of it can be imported, else 1."`
	Mapping      string         `help:"File that says what the fields of --import become." placeholder:"FILE"`
	Demo         bool           `help:"Load a demo company on the first start." default:"true" negatable:""`
	DemoShop     int            `help:"How many members the demo's shop has, whose two years of points are loaded behind the rest; 0 for none." default:"200" placeholder:"N"`
	DemoProvider string         `help:"Address of the demo's identity provider." default:"127.0.0.1:8082"`
	MongoDBURI   string         `name:"mongodb-uri" help:"MongoDB replica set to keep the data in, instead of the folder." placeholder:"URI"`
	Company      string         `help:"Name under which customers are asked for their consent; that of the theme if it is not given." placeholder:"NAME"`
	Theme        string         `help:"Theme file of the website; without one it looks like Renown." placeholder:"FILE"`
	Fonts        string         `help:"Folder of fonts (.ttf, .otf, .ttc) for cards in other scripts than Latin, Greek, Cyrillic, Arabic and Hebrew." placeholder:"DIR"`
	Locales      []string       `help:"Languages of the stories, the default first." default:"en" placeholder:"TAG"`
	Currency     string         `help:"ISO 4217 currency of the loyalty programmes that exist from the start." default:"EUR" placeholder:"CODE"`
	TimeZone     string         `help:"IANA time zone by which their days begin." default:"UTC" placeholder:"ZONE"`
	OIDC         oidcSettings   `embed:"" prefix:"oidc-"`
	GroupRoles   string         `help:"Roles that follow from the identity provider's groups, such as editors=editor,leads=approver." placeholder:"GROUP=ROLE,..."`
	SMTP         mail.Config    `embed:"" prefix:"smtp-"`
	Purge        purge.Config   `embed:"" prefix:"purge-"`
	Shared       ready.Shared   `embed:"" prefix:"shared-"`
	Origin       []string       `help:"Origin whose scripts may use all of REST. Repeatable." placeholder:"ORIGIN"`
	TrustedProxy []netip.Prefix `help:"Network of a proxy whose X-Forwarded-For tells the caller's address. Repeatable." placeholder:"CIDR"`
	Quota        int            `help:"Requests a minute of a user or app that has no quota of its own." default:"6000"`
	QuotaAddress int            `help:"Requests a minute of an address without credentials; what is answered from memory does not count." default:"3000"`
	LogFormat    string         `help:"Format of logs: text or json." default:"text" enum:"text,json"`
	LogLevel     slog.Level     `help:"Least level that is logged: debug, info, warn or error." default:"warn"`
	StopWithin   time.Duration  `help:"How long stopping may take." default:"15s"`
	// report is the folder of an import's report, if it is not the data folder.
	report string
}

// oidcSettings say with which identity provider employees sign in.
type oidcSettings struct {
	Issuer       string `help:"Address of the identity provider, exactly as it calls itself." placeholder:"URL"`
	ClientID     string `help:"Client id that the provider gave to Renown." placeholder:"ID"`
	ClientSecret string `help:"Client secret that the provider gave to Renown." placeholder:"SECRET"`
	GroupsClaim  string `help:"Claim that lists a person's groups." default:"groups"`
	// Scopes are left to the sign-in if none are given.
	Scopes []string `help:"What to ask of the provider; openid, profile, email and groups if nothing is given." placeholder:"SCOPE"`
}

// check refuses what makes no sense together, before anything is touched.
func (s *settings) check() error {
	for name, address := range map[string]string{"website": s.Website, "api": s.API, "admin": s.Admin, "demo-provider": s.DemoProvider} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return fault.Invalid(name, "%q is not an address such as 127.0.0.1:8080.", address)
		}
	}
	for name, address := range map[string]string{"public-url": s.PublicURL, "api-url": s.APIURL} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "") {
			return fault.Invalid(name, "%q is not an address such as https://stories.northwind.example.", address)
		}
	}
	if info, err := os.Stat(s.Import); s.Import != "" && (err != nil || !info.IsDir()) {
		return fault.Invalid("import", "%q is not a folder.", s.Import)
	}
	if s.Import == "" && s.DryRun {
		return fault.Invalid("dry-run", "Name the folder to look at with --import.")
	}
	if !loopback(s.Admin) {
		return fault.Invalid("admin", "%q is not on this machine alone: metrics and profiles are for operators.", s.Admin)
	}
	if (s.Purge.URL == "") != (s.Shared.MaxAge == 0) {
		return fault.Invalid("shared-max-age", "A cache in front keeps answers only where it is told what to forget: set --purge-url and --shared-max-age together.")
	}
	if s.Demo {
		return s.checkDemo()
	}
	if s.PublicURL == "" && !loopback(s.Website) {
		return fault.Invalid("public-url", "Say how people type the website's address: %s is reached from other machines.", s.Website)
	}
	if s.APIURL == "" && !loopback(s.API) {
		return fault.Invalid("api-url", "Say how programs know REST's address: %s is reached from other machines.", s.API)
	}
	return nil
}

// checkDemo refuses what the demo must not do, and settings that it would pass over in silence.
func (s *settings) checkDemo() error {
	if s.DemoShop < 0 || s.DemoShop > mostShopMembers {
		return fault.Invalid("demo-shop", "The shop has up to %d members, or none.", mostShopMembers)
	}
	for name, address := range map[string]string{"website": s.Website, "api": s.API, "demo-provider": s.DemoProvider} {
		if !loopback(address) {
			return fault.Invalid(name, "The demo listens on this machine alone, since everybody knows its passwords; %q is reached from others. Add --demo=false for an installation of your own.", address)
		}
	}
	for name, value := range map[string]string{
		"mongodb-uri": s.MongoDBURI, "oidc-issuer": s.OIDC.Issuer, "oidc-client-id": s.OIDC.ClientID, "oidc-client-secret": s.OIDC.ClientSecret,
		"group-roles": s.GroupRoles, "theme": s.Theme, "company": s.Company,
	} {
		if value != "" {
			return fault.Invalid(name, "The demo brings its own. Add --demo=false for an installation of your own.")
		}
	}
	return nil
}

// loopback reports whether an address is reached from this machine alone.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
