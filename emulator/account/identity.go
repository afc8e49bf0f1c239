package account

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Identity says how AWS names a resource and what else it sets at creation. In its texts {name} stands for the output
// name, {account} and {region} for the account's, {uuid}, {hex:16}, {letters:6}, {LETTERS:26} and {digits:10} for
// something new of that kind.
type Identity struct {
	// ID is the id; "{arn}" where it is the ARN.
	ID string
	// ARN is the service and the rest of the output arn: "ec2:vpc/{id}". "iam::role/{name}" is one without a region.
	ARN string
	// Taken is AWS's refusal, code first, when the id or the name belongs to another resource of the type.
	Taken string
	// Outputs are the outputs that AWS sets, unless an input sets them.
	Outputs Values
}

var placeholder = regexp.MustCompile(`\{([A-Za-z]+)(?::(\d+))?\}`)

// identify gives a new resource its id, its ARN and its first outputs.
func (tx *Tx) identify(t Type, r *Resource) error {
	n := naming{tx: tx, identity: t.Identity, r: r}
	for name, value := range t.Identity.Outputs {
		if _, text := value.(string); text {
			n.text(name)
		} else if !r.Outputs.Has(name) {
			r.Outputs[name] = cloneValue(value)
		}
	}
	n.text("arn")
	n.text("id")
	if t.Identity.Taken == "" {
		return nil
	}
	_, taken := tx.Get(t.Token, r.ID)
	if property := t.Name.Property; !taken && property != "" {
		_, taken = tx.Find(t.Token, property, r.Outputs.Text(property))
	}
	if taken {
		code, message, _ := strings.Cut(t.Identity.Taken, ": ")
		return tx.Refuse(code, "%s; choose another name", n.expand(message))
	}
	return nil
}

// naming expands the texts of an identity; what one needs of another is expanded first.
type naming struct {
	tx       *Tx
	identity Identity
	r        *Resource
}

// text is the id or an output, which it sets when it is not there yet.
func (n naming) text(name string) string {
	if name == "id" {
		if n.r.ID == "" {
			n.r.ID = n.expand(n.identity.ID)
		}
		return n.r.ID
	}
	if n.r.Outputs.Has(name) {
		return n.r.Outputs.Text(name)
	}
	if service, rest, ok := strings.Cut(n.identity.ARN, ":"); ok && name == "arn" {
		rest, global := strings.CutPrefix(n.expand(rest), ":")
		n.r.Outputs[name] = n.tx.ARN(service, rest)
		if global {
			n.r.Outputs[name] = n.tx.GlobalARN(service, rest)
		}
	} else if template, ok := n.identity.Outputs[name].(string); ok {
		n.r.Outputs[name] = n.expand(template)
	}
	return n.r.Outputs.Text(name)
}

func (n naming) expand(template string) string {
	return placeholder.ReplaceAllStringFunc(template, func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		digits, _ := strconv.Atoi(parts[2])
		switch parts[1] {
		case "account":
			return n.tx.AccountID()
		case "region":
			return n.tx.Region()
		case "now":
			return n.tx.Now()
		case "uuid":
			return n.tx.UUID()
		case "hex":
			return n.tx.Hex(digits)
		case "letters":
			return n.tx.Letters(digits)
		case "LETTERS":
			return strings.ToUpper(n.tx.Letters(digits))
		case "digits":
			return n.tx.Digits(digits)
		}
		return n.text(parts[1])
	})
}

// HexID makes an EC2 id: HexID("vpc") is vpc-0 and 16 hexadecimal digits.
func (tx *Tx) HexID(prefix string) string { return fmt.Sprintf("%s-0%s", prefix, tx.Hex(16)) }
