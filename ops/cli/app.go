package cli

// appCommands are dotenv, config-check, test-app and layers.
type appCommands struct{}
