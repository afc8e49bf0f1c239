package cli

// reviewCommands are review-up, review-down, review-reap and reviews.
type reviewCommands struct{}
