package cli

// deployCommands are up, preview and down.
type deployCommands struct{}
