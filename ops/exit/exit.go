// Package exit holds the two things that a command says at its end beside its error: another exit code than 1, and that the error has
// been printed already.
package exit

import "errors"

// Blocked is the exit code of a note that would destroy data: a pipeline tells it from an error.
const Blocked = 3

// outcome is an error with an exit code of its own.
type outcome struct {
	error
	code    int
	printed bool
}

func (o outcome) Unwrap() error { return o.error }

// With gives an error an exit code. No error stays none.
func With(code int, err error) error {
	if err == nil {
		return nil
	}
	return outcome{error: err, code: code, printed: Printed(err)}
}

// AfterPrinting marks an error whose text the reader has seen, such as that of a program which had the terminal.
func AfterPrinting(err error) error {
	if err == nil {
		return nil
	}
	return outcome{error: err, code: Code(err), printed: true}
}

// Status is the end of a program whose exit code is passed on. Nothing is printed for it; 0 is no error.
func Status(code int) error {
	if code == 0 {
		return nil
	}
	return outcome{error: errors.New("the program failed"), code: code, printed: true}
}

// Code is the exit code of an error: 0 for none, 1 for an error that has no other one.
func Code(err error) int {
	if err == nil {
		return 0
	}
	var o outcome
	if errors.As(err, &o) {
		return o.code
	}
	return 1
}

// Printed tells whether the text of an error has been printed.
func Printed(err error) bool {
	var o outcome
	return errors.As(err, &o) && o.printed
}
