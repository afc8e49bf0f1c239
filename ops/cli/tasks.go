package cli

// taskCommands are status, logs, run, shell, tunnel and maintenance.
type taskCommands struct{}
