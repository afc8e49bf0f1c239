package account

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Tx is the account as one operation sees it: the operation holds the account's lock, so what it reads stays true
// until it is done. A refused operation changes nothing.
type Tx struct {
	Context context.Context
	account *Account
	undo    []func()
}

// Region is the region that the operation is for: that of the account, or the one of InRegion.
func (tx *Tx) Region() string {
	if tx.Context != nil {
		if region, other := tx.Context.Value(regionKey{}).(string); other {
			return region
		}
	}
	return tx.account.region
}

// AccountID is the twelve digits of the account.
func (tx *Tx) AccountID() string { return accountID }

// Now is the time of the operation in the format of AWS's APIs.
func (tx *Tx) Now() string { return time.Now().UTC().Format(time.RFC3339) }

// ARN names a resource of a service of this region: ARN("ec2", "vpc/"+id).
func (tx *Tx) ARN(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, tx.Region(), accountID, resource)
}

// GlobalARN names a resource of a service without regions: GlobalARN("iam", "role/"+name).
func (tx *Tx) GlobalARN(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s::%s:%s", service, accountID, resource)
}

// UUID makes an id such as 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed.
func (tx *Tx) UUID() string {
	h := tx.Hex(32)
	return strings.Join([]string{h[:8], h[8:12], "4" + h[13:16], "a" + h[17:20], h[20:]}, "-")
}

// Letters makes n lower case letters and digits, the first of them a letter, as in the endpoints of RDS and ElastiCache.
func (tx *Tx) Letters(n int) string {
	number, _ := new(big.Int).SetString(tx.Hex(64), 16)
	text := number.Text(36)
	return "c" + text[:n-1]
}

// Digits makes n decimal digits, the first of them not zero.
func (tx *Tx) Digits(n int) string {
	number, _ := new(big.Int).SetString(tx.Hex(64), 16)
	return "1" + number.Text(10)[:n-1]
}

// Hex makes digits that this account has not given to anybody else.
func (tx *Tx) Hex(n int) string {
	return StableHex(fmt.Sprintf("%s %d", tx.account.region, tx.Count()), n)
}

// Count is a number that this account has not given to anybody else.
func (tx *Tx) Count() int {
	tx.account.state.Counter++
	return tx.account.state.Counter
}

// Get returns the resource of this type and id.
func (tx *Tx) Get(token, id string) (Resource, bool) {
	r, ok := tx.account.state.Resources[key(token, id)]
	return r.clone(), ok
}

// Find returns the first resource of this type whose output has the value: Find(token, "arn", arn). An empty token means any type.
func (tx *Tx) Find(token, property, value string) (Resource, bool) {
	for _, r := range tx.account.sorted(token) {
		if text, ok := r.property(property); ok && text == value {
			return r.clone(), true
		}
	}
	return Resource{}, false
}

// List returns all resources of a type, ordered by id.
func (tx *Tx) List(token string) []Resource {
	var list []Resource
	for _, r := range tx.account.sorted(token) {
		list = append(list, r.clone())
	}
	return list
}

// Put records a resource that comes with another one and goes with it: a VPC's main route table. owner is that other's id.
func (tx *Tx) Put(owner string, r Resource) {
	r.Owner = owner
	tx.Save(r)
}

// Patch changes outputs of another resource, as AWS does when one thing affects the next.
func (tx *Tx) Patch(token, id string, outputs Values) {
	r, ok := tx.Get(token, id)
	if !ok {
		return
	}
	for name, value := range outputs {
		r.Outputs[name] = cloneValue(value)
	}
	tx.Save(r)
}

// Save records a resource. It is taken back when the operation is refused later.
func (tx *Tx) Save(r Resource) {
	tx.remember(key(r.Type, r.ID))
	tx.account.state.Resources[key(r.Type, r.ID)] = r.clone()
}

// Remove deletes the record of a resource.
func (tx *Tx) Remove(r Resource) {
	tx.remember(key(r.Type, r.ID))
	delete(tx.account.state.Resources, key(r.Type, r.ID))
}

func (tx *Tx) remember(key string) {
	records := tx.account.state.Resources
	before, existed := records[key]
	tx.undo = append(tx.undo, func() {
		if existed {
			records[key] = before
		} else {
			delete(records, key)
		}
	})
}

// rollback leaves the account as it was before the operation.
func (tx *Tx) rollback() {
	for i := len(tx.undo) - 1; i >= 0; i-- {
		tx.undo[i]()
	}
	tx.undo = nil
}

// Refuse is the error of an operation that AWS would refuse: its code, what is wrong and how to fix it.
func (tx *Tx) Refuse(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
