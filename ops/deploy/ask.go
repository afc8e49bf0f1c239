package deploy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// errDeclined is the end of a command whose question was not answered with yes.
var errDeclined = errors.New("not confirmed: nothing was changed")

// Ask returns nil where the answer is yes. An interrupt is a no.
func Ask(ctx context.Context, in io.Reader, out io.Writer, question string) error {
	fmt.Fprint(out, question, " [y/N] ")
	answer := make(chan string, 1)
	go func() { // a read cannot be interrupted; the process ends with it
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(out)
		return errDeclined
	case text := <-answer:
		if text == "y" || text == "yes" {
			return nil
		}
		return errDeclined
	}
}
