package exit

import (
	"errors"
	"fmt"
	"testing"
)

func TestCodes(t *testing.T) {
	plain := errors.New("x")
	for name, test := range map[string]struct {
		err     error
		code    int
		printed bool
	}{
		"none":             {nil, 0, false},
		"plain":            {plain, 1, false},
		"blocked":          {With(Blocked, plain), 3, false},
		"wrapped":          {fmt.Errorf("noting: %w", With(Blocked, plain)), 3, false},
		"printed":          {AfterPrinting(plain), 1, true},
		"printed, blocked": {With(Blocked, AfterPrinting(plain)), 3, true},
		"blocked, printed": {AfterPrinting(With(Blocked, plain)), 3, true},
		"a program's":      {Status(42), 42, true},
		"a program's 0":    {Status(0), 0, false},
		"none with a code": {With(Blocked, nil), 0, false},
		"none printed":     {AfterPrinting(nil), 0, false},
	} {
		if got := Code(test.err); got != test.code {
			t.Errorf("%s: code %d, %d expected", name, got, test.code)
		}
		if got := Printed(test.err); got != test.printed {
			t.Errorf("%s: printed is %t, %t expected", name, got, test.printed)
		}
	}
	if !errors.Is(With(Blocked, plain), plain) {
		t.Error("the error inside is lost")
	}
}
