package account

import "slices"

// computeTypes are what runs containers: clusters, task definitions, services and their scaling.
var computeTypes = slices.Concat(clusterTypes, taskTypes, serviceTypes, scalingTypes)
