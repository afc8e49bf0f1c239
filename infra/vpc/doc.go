// Package vpc holds the components of an environment's network: subnets and routes, NAT, security groups and endpoints.
package vpc
