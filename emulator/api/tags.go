package api

import (
	"context"
	"maps"
	"slices"
	"strings"

	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// tags are a resource's tags by key, the provider's default tags included.
func tags(v account.Values) [][2]string {
	all := v.Map("tagsAll")
	if all == nil {
		all = v.Map("tags")
	}
	var list [][2]string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if value, ok := all[key].(string); ok {
			list = append(list, [2]string{key, value})
		}
	}
	return list
}

// getResources answers https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html: 100 resources a page.
func (s *Server) getResources(_ context.Context, in *tagging.GetResourcesInput) (*tagging.GetResourcesOutput, error) {
	all := []types.ResourceTagMapping{}
	seen := map[string]bool{}
	for _, r := range s.account.List("") {
		arn := r.Outputs.Text("arn")
		if len(tags(r.Outputs)) == 0 || !strings.HasPrefix(arn, "arn:") || seen[arn] || !ofType(arn, in.ResourceTypeFilters) || !tagged(r.Outputs, in.TagFilters) ||
			len(in.ResourceARNList) > 0 && !slices.Contains(in.ResourceARNList, arn) {
			continue
		}
		seen[arn] = true
		all = append(all, types.ResourceTagMapping{ResourceARN: ptr(arn), Tags: convert(tags(r.Outputs), func(t [2]string) types.Tag {
			return types.Tag{Key: ptr(t[0]), Value: ptr(t[1])}
		})})
	}
	part, next, err := page(all, in.PaginationToken, in.ResourcesPerPage, 100)
	if next == nil {
		next = ptr("")
	}
	return &tagging.GetResourcesOutput{ResourceTagMappingList: part, PaginationToken: next}, err
}

// ofType tells whether an ARN is of one of the types: ecs, or ecs:service.
func ofType(arn string, filters []string) bool {
	parts := strings.SplitN(arn, ":", 6)
	kind := parts[2] + ":" + strings.FieldsFunc(parts[5]+"/", func(r rune) bool { return r == '/' || r == ':' })[0]
	return len(filters) == 0 || slices.ContainsFunc(filters, func(f string) bool { return f == kind || f == parts[2] })
}

// tagged tells whether a resource has, for every filter, the key with one of the values.
func tagged(v account.Values, filters []types.TagFilter) bool {
	for _, f := range filters {
		if !slices.ContainsFunc(tags(v), func(t [2]string) bool {
			return t[0] == text(f.Key) && (len(f.Values) == 0 || slices.Contains(f.Values, t[1]))
		}) {
			return false
		}
	}
	return true
}
