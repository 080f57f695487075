package openapi

import (
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// groups gives the services the names under which people look for them, in the order of a story's way.
var groups = []struct{ service, name string }{
	{"PublishedService", "Published stories"},
	{"AddressesService", "Addresses"},
	{"WorkspaceService", "Writing"},
	{"ReviewService", "Review and publication"},
	{"SignoffService", "Customer sign-off"},
	{"ConsentsService", "Consents"},
	{"MetricsService", "Evidence of figures"},
	{"PreviewsService", "Preview links"},
	{"ExcerptsService", "Excerpts"},
	{"AnonymousService", "Anonymous versions"},
	{"ActivityService", "Activity"},
	{"TaxonomyService", "Terms"},
	{"FiguresService", "Figures"},
	{"ProgramsService", "Programmes"},
	{"MembersService", "Members"},
	{"PointsService", "Points"},
	{"StatementsService", "Statements"},
	{"TiersService", "Tiers"},
	{"ReviewsService", "Reviews"},
	{"AchievementsService", "Achievements"},
	{"ReferralsService", "Referrals"},
	{"EarningRulesService", "Earning rules"},
	{"OrdersService", "Orders and events"},
	{"ExplanationsService", "Explanations"},
	{"ReportsService", "Reports"},
	{"RewardsService", "Rewards"},
	{"RedemptionsService", "Redemptions"},
	{"LoyaltyEventsService", "Loyalty events"},
	{"LedgerService", "Ledger"},
	{"AppsService", "Apps and keys"},
	{"SessionsService", "Sessions"},
	{"UsersService", "Employees"},
}

// operations says of each generated operation what its proto and the gateway add.
func (w *writer) operations() error {
	services := map[string]protoreflect.Descriptor{}
	for path, item := range at(w.doc, "paths") {
		for method, v := range item.(object) {
			op := v.(object)
			m, ok := w.protos.methods[op["operationId"].(string)]
			if !ok {
				return fmt.Errorf("%s %s: %v is no method", method, path, op["operationId"])
			}
			if err := w.operation(op, m, method); err != nil {
				return err
			}
			services[string(m.Parent().Name())] = m.Parent()
		}
	}
	var tags []any
	for _, g := range groups {
		if d, ok := services[g.service]; ok {
			tags = append(tags, object{"name": g.name, "description": spoken(d)})
		}
		delete(services, g.service)
	}
	for name := range services {
		return fmt.Errorf("%s has no name among the groups", name)
	}
	w.doc["tags"] = tags
	return nil
}

func tagOf(m protoreflect.MethodDescriptor) string {
	for _, g := range groups {
		if g.service == string(m.Parent().Name()) {
			return g.name
		}
	}
	return ""
}

func (w *writer) operation(op object, m protoreflect.MethodDescriptor, method string) error {
	r, err := w.protos.ruleOf(m)
	if err != nil {
		return err
	}
	first, rest := sentences(m)
	op["operationId"], op["summary"], op["tags"] = operationID(m), strings.TrimSuffix(first, "."), []any{tagOf(m)}
	op["x-order"] = m.Index() // the order in which people should meet the methods of a group
	if rest != "" {
		op["description"] = rest
	}
	op["security"] = security(r)
	required, err := w.protos.required(m.Input())
	if err != nil {
		return err
	}
	parameters(op, m, required)
	for _, p := range headerParameters(r, m, method) {
		op["parameters"] = append(list(op["parameters"]), ref("parameters", p))
	}
	if body, ok := op["requestBody"].(object); ok {
		delete(body, "required") // an empty body is an empty object
		schema := at(body, "content", "application/json", "schema")
		if needed := bound(schema, m.Input(), required); needed {
			body["required"] = true
		}
	}
	answers(op, r, method)
	at(op, "responses", "200")["description"] = answerOf(m)
	return nil
}

// answerOf says what a method answers with.
func answerOf(m protoreflect.MethodDescriptor) string {
	http, _ := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
	if fd := m.Output().Fields().ByName(protoreflect.Name(http.GetResponseBody())); fd != nil {
		return spoken(fd)
	}
	return spoken(m.Output())
}

// security lists the ways in, any one of which is enough.
func security(r rule) []any {
	var ways []any
	if r.public {
		ways = append(ways, object{})
	}
	for _, s := range r.scopes {
		ways = append(ways, object{"apiKey": []any{s}}, object{"oauth2": []any{s}})
	}
	for _, role := range r.roles {
		ways = append(ways, object{"session": []any{role}})
	}
	for _, l := range r.links {
		ways = append(ways, object{"link": []any{l}})
	}
	return ways
}

func headerParameters(r rule, m protoreflect.MethodDescriptor, method string) []string {
	var all []string
	switch {
	case r.keyRequired:
		all = append(all, "IdempotencyKeyRequired")
	case r.keyTaken:
		all = append(all, "IdempotencyKey")
	}
	if method == "get" {
		return append(all, "IfNoneMatch")
	}
	if m.Input().Fields().ByName("etag") != nil {
		all = append(all, "IfMatch")
	}
	return all
}

// parameters bounds the parameters of path and query by their fields.
func parameters(op object, m protoreflect.MethodDescriptor, required map[string]bool) {
	for _, v := range list(op["parameters"]) {
		p := v.(object)
		fd := m.Input().Fields().ByJSONName(p["name"].(string))
		if fd == nil { // names in the path are the proto's
			fd = m.Input().Fields().ByName(protoreflect.Name(p["name"].(string)))
		}
		if fd == nil {
			continue
		}
		overlay(at(p, "schema"), bounds(fd))
		if p["in"] == "query" && required[fd.JSONName()] {
			p["required"] = true
		}
	}
}

// answers replaces what the generator says of errors and adds the headers of every answer.
func answers(op object, r rule, method string) {
	responses := at(op, "responses")
	responses["default"] = ref("responses", "Problem")
	good := at(responses, "200")
	headers := at(good, "headers")
	headers["X-Request-Id"] = ref("headers", "RequestId")
	if !r.public || method != "get" {
		headers["RateLimit"], headers["RateLimit-Policy"] = ref("headers", "RateLimit"), ref("headers", "RateLimitPolicy")
	}
	if method == "get" {
		headers["ETag"] = ref("headers", "ETag")
		responses["304"] = ref("responses", "NotModified")
	}
	if r.keyTaken {
		headers["Idempotency-Replayed"] = ref("headers", "IdempotencyReplayed")
	}
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}
