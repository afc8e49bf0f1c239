package account

import (
	"fmt"
	"regexp"
	"strings"
)

// idForms are the ids of the types whose ids AWS checks before it looks them up, with the code of that refusal.
var idForms = map[string]struct{ prefix, malformed string }{
	VPCToken:             {"vpc", "InvalidVpcID.Malformed"},
	SubnetToken:          {"subnet", "InvalidSubnetID.Malformed"},
	SecurityGroupToken:   {"sg", "InvalidGroupId.Malformed"},
	RouteTableToken:      {"rtb", "InvalidRouteTableId.Malformed"},
	InternetGatewayToken: {"igw", "InvalidInternetGatewayId.Malformed"},
	NatGatewayToken:      {"nat", "InvalidNatGatewayId.Malformed"},
	InstanceToken:        {"i", "InvalidInstanceID.Malformed"},
	LaunchTemplateToken:  {"lt", "InvalidLaunchTemplateId.Malformed"},
	EIPToken:             {"eipalloc", "InvalidAllocationID.Malformed"},
}

var idForm = regexp.MustCompile(`^([a-z]+)-(?:[0-9a-f]{8}|[0-9a-f]{17})$`)

// ARNForm is the form of ARNs.
var ARNForm = regexp.MustCompile(`^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}|aws)?:.+$`)

// checkRefs refuses inputs that name what does not exist, or is of another kind.
func (tx *Tx) checkRefs(t Type, r Resource) error {
	for _, ref := range t.Refs {
		for _, path := range r.Outputs.Expand(ref.Path) {
			if text, ok := r.Outputs.String(path); ok {
				if err := tx.checkRef(ref, path, text); err != nil {
					return err
				}
			}
			for _, place := range r.Outputs.Expand(path + "[*]") {
				if text, ok := r.Outputs.String(place); ok {
					if err := tx.checkRef(ref, place, text); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func (tx *Tx) checkRef(ref Ref, place, text string) error {
	if text == "" {
		return nil
	}
	form, hasForm := idForms[ref.Type]
	if parts := idForm.FindStringSubmatch(text); hasForm && ref.By == "id" && (parts == nil || parts[1] != form.prefix) {
		return tx.Refuse(form.malformed, `Invalid id: %q (expecting "%s-..."), given as %s`, text, form.prefix, place)
	}
	if ref.By == "arn" && !ARNForm.MatchString(text) {
		return tx.Refuse(ref.code("ValidationError"), "%q is not an ARN, given as %s", text, place)
	}
	if _, found := tx.target(ref, text); found || ref.Optional {
		return nil
	}
	what := "resource"
	if ref.Type != "" {
		what = strings.SplitN(ref.Type[strings.LastIndex(ref.Type, "/")+1:], ":", 2)[0]
	}
	by, hint := ref.By, ""
	if by == "id" || by == "arn" {
		by = strings.ToUpper(by)
	}
	if other, exists := tx.Find("", ref.By, text); exists {
		hint = fmt.Sprintf("; it is a %s", other.Type)
	}
	return tx.Refuse(ref.code("ValidationError"), "The %s %s '%s' does not exist, given as %s%s", what, by, text, place, hint)
}

func (ref Ref) code(otherwise string) string {
	if ref.Missing != "" {
		return ref.Missing
	}
	return otherwise
}

// target finds what a reference names.
func (tx *Tx) target(ref Ref, text string) (Resource, bool) {
	if ref.By == "id" && ref.Type != "" {
		return tx.Get(ref.Type, text)
	}
	return tx.Find(ref.Type, ref.By, text)
}

// checkUnused refuses to delete what another resource refers to.
func (tx *Tx) checkUnused(gone Resource) error {
	for _, r := range tx.account.sorted("") {
		if r.Type == gone.Type && r.ID == gone.ID || r.Owner == gone.ID {
			continue
		}
		for _, ref := range tx.account.types[r.Type].Refs {
			if ref.InUse == "" || ref.Type != "" && ref.Type != gone.Type {
				continue
			}
			name, ok := gone.property(ref.By)
			if !ok || name == "" {
				continue
			}
			for _, text := range r.Outputs.Strings(ref.Path) {
				if text == name {
					return tx.Refuse(ref.InUse, "%s %q has a dependent object and cannot be deleted: %s %q refers to it with %s; delete that first",
						gone.Type, gone.ID, r.Type, r.ID, ref.Path)
				}
			}
		}
	}
	return nil
}

// removeWithOwned removes a resource and what came with it.
func (tx *Tx) removeWithOwned(gone Resource) {
	for _, r := range tx.account.sorted("") {
		if r.Owner == gone.ID {
			tx.Remove(r)
		}
	}
	tx.Remove(gone)
}
