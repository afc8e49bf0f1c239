// Package infra holds the components that a Laravel environment on AWS is made of, together with infra/vpc and infra/pipeline.
//
// Every file declares one component: XArgs are its arguments, X is what others may use of it, and NewX registers it. Components read
// no configuration and export no outputs: package stacks does both.
//
// A child's logical name starts with its component's name, because a URN holds the types of a resource's parents and not their
// names. Pulumi's autonaming chooses the physical names, so that a replacement can exist beside what it replaces.
//
// What a component needs of others is an argument. Where a resource must wait for several resources of another component, that has a
// method Ready (or a field of that name) which lists them.
package infra
