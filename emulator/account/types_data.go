package account

import "slices"

// dataTypes are what holds data: databases, caches, secrets, images and buckets.
var dataTypes = slices.Concat(rdsTypes, elasticacheTypes, secretTypes, ecrTypes, s3Types)
