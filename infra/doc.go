// Package infra holds the components a Laravel environment on AWS is made of.
//
// Every file declares one component: XArgs is what it needs, X is what others may use of it, and NewX registers it. Components
// know AWS; they do not know environments. They read no configuration and export nothing: package stacks does both.
//
// A child's logical name starts with its component's name, because a URN holds the types of a resource's parents and not their
// names. Physical names are left to Pulumi's autonaming, so that a replacement can stand beside what it replaces.
package infra
