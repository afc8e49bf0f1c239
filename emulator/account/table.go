package account

import "slices"

// Function is one invoke: a question that the provider answers without creating anything.
type Function struct {
	Token string
	// Args and Result are values of the Go SDK's structs (ec2.LookupKeyPairArgs{}, ec2.LookupKeyPairResult{}).
	// Args is nil where there are none.
	Args, Result any
	// Required lists the arguments that cannot be left out.
	Required []string
	Run      func(tx *Tx, args Values) (Values, error)
}

var (
	types     = map[string]Type{}
	functions = map[string]Function{}
)

// The tables are collected here and not in the variables above, because their functions look other types up.
func init() {
	for _, table := range [][]Type{
		networkTypes, gatewayTypes, firewallTypes, instanceTypes, fleetTypes, flowLogTypes, iamTypes, iamPolicyTypes, kmsTypes,
		dataTypes, edgeTypes, computeTypes, watchTypes,
	} {
		for _, t := range table {
			types[t.Token] = t
		}
	}
	for _, f := range slices.Concat(accountFunctions, serviceFunctions) {
		functions[f.Token] = f
	}
}
