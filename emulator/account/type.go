package account

// Values holds the properties of one resource as plain JSON values: string, float64, bool, []any, map[string]any.
// A value the engine does not know yet (preview) is Unknown{}.
type Values map[string]any

// Unknown stands for a value that is computed later. It counts as present, and every rule accepts it.
type Unknown struct{}

// Resource is one thing the account holds.
type Resource struct {
	Type    string `json:"type"` // Pulumi type token, such as aws:ec2/vpc:Vpc
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"` // logical name in the program
	Inputs  Values `json:"inputs"`
	Outputs Values `json:"outputs"`         // inputs, defaults and computed properties, as the real provider returns them
	Owner   string `json:"owner,omitempty"` // id of the resource it came with and goes with: a VPC's main route table
}

// Problem is one input that the provider or AWS refuses. Property names the input, with indices: ingress[0].fromPort.
type Problem struct{ Property, Reason string }

// Type describes one AWS resource type as pulumi-aws v6 and AWS treat it.
type Type struct {
	Token string
	// Args and State are values of the Go SDK's structs (ec2.VpcArgs{}, ec2.Vpc{}). Their pulumi tags list the
	// inputs with their kinds, which of them are required, and the outputs: what is not there is refused.
	Args, State any

	// Required lists the inputs that the SDK's structs cannot mark as required: lists, maps and JSON documents.
	Required []string
	// Name is the input that Pulumi's autonaming fills (name, identifier, ...); empty where the type has none.
	Name Name
	// ForceNew lists the inputs whose change replaces the resource.
	ForceNew []string
	// Replaces lists inputs that replace the resource in some cases only, such as an older version; nil where none do.
	Replaces func(old, next Values) []string
	// DeleteBeforeReplace is set where pulumi-aws deletes the old resource before it creates its replacement.
	DeleteBeforeReplace bool
	// Defaults are the values that the provider or AWS fills in for inputs left out.
	Defaults Values
	// Refs are the inputs that name other resources: they must exist, be of that kind, and outlive this one.
	Refs []Ref

	// Rules need no account: formats, limits, alternatives. They run at preview too.
	Rules []Rule
	// Check applies rules about several inputs, after Rules.
	Check func(r *Rules)
	// Along are, by an input, the computed properties that change with it. The provider names them; a preview cannot know them.
	Along map[string][]string
	// Normal gives inputs, and what AWS returned, the one form in which the provider compares them: its StateFunc, DiffSuppressFunc and
	// CustomizeDiff. nil where AWS returns what it was given.
	Normal func(v Values)
	// Ignores tells which inputs the provider leaves as AWS returned them, whatever the program wants; nil where none are.
	Ignores func(read, next Values) []string
	// Recomputed lists outputs that every update computes again, so a preview cannot know them: latestVersion.
	Recomputed []string

	// ImportBy is an output that an import may name a resource by, besides its id; empty where there is none.
	ImportBy string
	// Imported makes of the outputs what the provider reads without a state: what AWS never returns is missing, and what the importer sets is
	// there. All that is an input then counts as declared. nil where an import reads what was declared.
	Imported func(v Values)
	// Identity names the resource. What it does not set of r.ID and the computed r.Outputs is set by Create and Complete.
	Identity Identity
	// Create runs at creation, after Identity; it sets outputs or refuses as AWS would.
	Create func(tx *Tx, r *Resource) error
	// Update runs at an update, with what the resource was; it sets outputs or refuses.
	Update func(tx *Tx, old, next *Resource) error
	// Complete runs after Create and after Update, for what is the same at both.
	Complete func(tx *Tx, r *Resource) error
	// Overwrites tells whether a create takes the place of what has its id (UPSERT); nil where AWS refuses that.
	Overwrites func(r Resource) bool
	// Delete refuses what AWS refuses beyond Refs (protection, contents); nil when nothing does.
	Delete func(tx *Tx, r *Resource) error
	// OtherRegions is set where a stack may have one in another region than its own.
	OtherRegions bool
	// Lingers is set where a delete takes so long that whatever is deleted at the same time is gone before it ends.
	Lingers bool
	// Select selects what a delete is about where a replacement has the id of what it replaces, as revisions of a task
	// definition have; nil where ids are unique.
	Select func(tx *Tx, id string) (Resource, bool)
}

// Name says how autonaming behaves for a type.
type Name struct {
	Property string
	Prefix   string // what the name begins with: alias/
	Max      int    // AWS's limit on the length
	Lower    bool   // whether the name must be lower case
	// Default is set where pulumi-aws makes the name as a default and not as autonaming: the bridge then deletes nothing
	// before its replacement, also where the program chose the name.
	Default bool
}

// Ref is an input that names another resource.
type Ref struct {
	Path     string // subnetIds[*], networkConfiguration.subnets[*]
	Type     string // token of the type it must name; empty means any of the types that By can find
	By       string // property of the target it names: id, arn, name
	Missing  string // AWS error code when there is no such resource: InvalidSubnetID.NotFound
	InUse    string // AWS error code when the target is deleted while this refers to it; empty: AWS allows it
	Optional bool   // AWS accepts a name that is not in this account (public AMI, other account's ARN)
}

// Error is a refusal as AWS words it: code first, then what is wrong, then the fix.
type Error struct{ Code, Message string }

func (e *Error) Error() string { return e.Code + ": " + e.Message }

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
