package account

import "slices"

// edgeTypes are what stands between the world and the tasks: load balancers, certificates, names and the firewall.
var edgeTypes = slices.Concat(balancerTypes, listenerTypes, certificateTypes, dnsTypes, wafTypes)
