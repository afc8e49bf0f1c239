package cli

// releaseCommands are releases, rollback, unpin, canary, promote, abort, deploy and smoke.
type releaseCommands struct{}
