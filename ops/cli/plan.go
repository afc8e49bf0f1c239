package cli

// planCommands are note, notes, touched and drift.
type planCommands struct{}
