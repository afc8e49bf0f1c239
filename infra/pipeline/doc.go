// Package pipeline holds the components of the account stack: where Pulumi keeps the state, and the roles of the pipelines that deploy.
package pipeline
