package session

import (
	"context"
	"fmt"
)

// All reads every page of an operation and returns the items that of finds in them. Beside an error it returns those of the pages before.
func All[Page, Options, Item any](ctx context.Context, doing string, pages interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*Options)) (*Page, error)
}, of func(*Page) []Item) (list []Item, err error) {
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return list, Explain(fmt.Errorf("%s: %w", doing, err))
		}
		list = append(list, of(page)...)
	}
	return list, nil
}
