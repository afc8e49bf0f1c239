package account

// Service is one service of AWS: its resource types and the questions it answers.
type Service struct {
	Types     []Type
	Functions []Function
}

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
