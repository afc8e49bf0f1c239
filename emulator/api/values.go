package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func callerARN(accountID string) string { return "arn:aws:iam::" + accountID + ":user/emulator" }

func ecsARN(a *account.Account, resource string) string {
	return fmt.Sprintf("arn:aws:ecs:%s:%s:%s", a.Region(), a.ID(), resource)
}

// lastPart is what follows the last slash of an ARN; a name stays as it is.
func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

func lastIndex(s, of string) int { return strings.LastIndex(s, of) }

func ptr[T any](value T) *T { return &value }

// optional is a pointer to a value, or nil for the zero value: AWS leaves members out.
func optional[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func int32Of(v account.Values, path string) int32 {
	n, _ := v.Int(path)
	return int32(n) //nolint:gosec // counts, ports and percentages
}

// int32Of as AWS leaves it out where there is none.
func optionalInt32(v account.Values, path string) *int32 {
	if n, ok := v.Int(path); ok {
		return ptr(int32(n)) //nolint:gosec // as above
	}
	return nil
}

// convert makes a list of the SDK's types from values.
func convert[In, Out any](list []In, one func(In) Out) []Out {
	var all []Out
	for _, element := range list {
		all = append(all, one(element))
	}
	return all
}

// page cuts a list into pages as AWS does: at most limit elements, and a token for the next page when there are more.
// limit is what the request asks for, and most is AWS's own limit, which is the default too.
func page[T any](all []T, token *string, limit *int32, most int) (part []T, next *string, err error) {
	size := most
	if limit != nil {
		if *limit < 1 || int(*limit) > most {
			return nil, nil, refuse("InvalidParameterException", "maxResults can only be between 1 and %d", most)
		}
		size = int(*limit)
	}
	start := 0
	if text(token) != "" {
		if start, err = strconv.Atoi(*token); err != nil || start < 0 || start > len(all) {
			return nil, nil, refuse("InvalidParameterException", "Invalid token in the request.")
		}
	}
	end := min(start+size, len(all))
	if end < len(all) {
		next = ptr(strconv.Itoa(end))
	}
	return all[start:end], next, nil
}

// digest makes 32 hexadecimal digits of a text.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
