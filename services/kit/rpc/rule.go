package rpc

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	optionsv1 "renown.example/proto/gen/renown/options/v1"
)

// DefaultTimeout is how long a call may take whose rule does not say.
const DefaultTimeout = 10 * time.Second

// method is what a server and a client know about an RPC.
type method struct {
	full    string // "/renown.stories.v1.Stories/GetStory"
	desc    protoreflect.MethodDescriptor
	rule    *optionsv1.Rule
	timeout time.Duration
}

func (m *method) streams() bool { return m.desc.IsStreamingClient() || m.desc.IsStreamingServer() }

// methodsOf reads the rules of a registered service. The error names every method that has none.
func methodsOf(service string) ([]*method, error) {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil, fmt.Errorf("rpc: service %s: %w", service, err)
	}
	sd, ok := d.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("rpc: %s is not a service", service)
	}
	var all []*method
	var errs []error
	for i := range sd.Methods().Len() {
		m, err := methodOf(sd.Methods().Get(i))
		all, errs = append(all, m), append(errs, err)
	}
	return all, errors.Join(errs...)
}

func methodOf(d protoreflect.MethodDescriptor) (*method, error) {
	full := fmt.Sprintf("/%s/%s", d.Parent().FullName(), d.Name())
	if !proto.HasExtension(d.Options(), optionsv1.E_Rule) {
		return nil, fmt.Errorf("rpc: %s declares no rule: say in its proto who may call it", full)
	}
	rule := proto.GetExtension(d.Options(), optionsv1.E_Rule).(*optionsv1.Rule)
	if !rule.GetPublic() && !rule.GetInternal() && len(rule.GetRoles())+len(rule.GetScopes())+len(rule.GetLinks()) == 0 {
		return nil, fmt.Errorf("rpc: the rule of %s lets nobody in", full)
	}
	m := &method{full: full, desc: d, rule: rule, timeout: DefaultTimeout}
	if s := rule.GetTimeoutSeconds(); s > 0 {
		m.timeout = time.Duration(s) * time.Second
	}
	return m, nil
}

// authorise decides whether the caller meets any condition of the rule. fault.Unauthenticated if it might with credentials, fault.PermissionDenied if it does not.
func (m *method) authorise(i auth.Identity) error {
	r := m.rule
	switch {
	case r.GetPublic(), i.HasRole(r.GetRoles()...), i.HasScope(r.GetScopes()...):
		return nil
	case r.GetInternal() && i.Kind == auth.KindSystem:
		return nil
	case i.Kind == auth.KindLink && slices.Contains(r.GetLinks(), auth.LinkPurpose(i.Link)):
		return nil
	case i.Kind == auth.KindAnonymous:
		return fault.Unauthenticated.New("This needs credentials: %s.", m.audience())
	case i.Kind == auth.KindLink && len(r.GetLinks()) > 0:
		return fault.LinkInvalid.New("This link does not work here. Copy all of it, or ask its sender for a new one.")
	}
	return fault.PermissionDenied.New("This is not open to you. It needs %s.", m.audience())
}

// audience says in words whom the rule lets in.
func (m *method) audience() string {
	var all []string
	r := m.rule
	if len(r.GetRoles()) > 0 {
		if slices.Contains(r.GetRoles(), auth.AnyRole) {
			all = append(all, "an employee's session")
		} else {
			all = append(all, "the role "+strings.Join(r.GetRoles(), " or "))
		}
	}
	if len(r.GetScopes()) > 0 {
		all = append(all, "a key with the scope "+strings.Join(r.GetScopes(), " or "))
	}
	if len(r.GetLinks()) > 0 {
		all = append(all, "a signed link for "+strings.Join(r.GetLinks(), " or "))
	}
	if len(all) == 0 {
		return "nothing that a caller from outside can have"
	}
	return strings.Join(all, ", or ")
}

// Matrix returns a table of all methods of the services and who may call them, sorted by name, for a golden file. It fails where a server would not start.
func Matrix(services ...*grpc.ServiceDesc) (string, error) {
	var all []*method
	var errs []error
	for _, s := range services {
		m, err := methodsOf(s.ServiceName)
		all, errs = append(all, m...), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	slices.SortFunc(all, func(a, b *method) int { return cmp.Compare(a.full, b.full) })
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RPC\tpublic\troles\tscopes\tlinks\tinternal\tidempotency key\ttimeout")
	for _, m := range all {
		r := m.rule
		timeout := m.timeout.String()
		if m.streams() {
			timeout = "stream"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.full[1:], yes(r.GetPublic()), list(r.GetRoles()), list(r.GetScopes()), list(r.GetLinks()),
			yes(r.GetInternal()), keyRule(r.GetIdempotency()), timeout)
	}
	w.Flush()
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n"), nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "-"
}

func list(s []string) string {
	if len(s) == 0 {
		return "-"
	}
	return strings.Join(s, ",")
}

func keyRule(i optionsv1.Idempotency) string {
	switch i {
	case optionsv1.Idempotency_IDEMPOTENCY_OPTIONAL:
		return "optional"
	case optionsv1.Idempotency_IDEMPOTENCY_REQUIRED:
		return "required"
	default:
		return "-"
	}
}
