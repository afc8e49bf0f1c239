package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/front"
)

// listing is one stack in the output of `pulumi stack ls --json`.
type listing struct {
	Name             string `json:"name"`
	Current          bool   `json:"current"`
	UpdateInProgress bool   `json:"updateInProgress"`
}

// listStacks lists the stacks that have a state: every one has a folder of its own.
func (h *host) listStacks(c *call, a arguments) error {
	names, err := h.stacks()
	if err != nil {
		return err
	}
	if !slices.Contains(a.flags, "--json") && !slices.Contains(a.flags, "-j") {
		text := "NAME\n"
		for _, name := range names {
			text += name + "\n"
		}
		c.reply(front.Reply{Out: text})
		return nil
	}
	list := []listing{}
	for _, name := range names {
		list = append(list, listing{Name: name, Current: name == h.main.Stack.Name})
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	c.reply(front.Reply{Out: string(text) + "\n"})
	return nil
}

func (h *host) stacks() ([]string, error) {
	var names []string
	folders := []string{h.main.Stack.State}
	if !h.main.Stack.InMemory {
		others, err := filepath.Glob(filepath.Join(h.main.Stack.Root, ".local", "*"))
		if err != nil {
			return nil, err
		}
		folders = append(folders, others...)
	}
	for _, folder := range folders {
		for _, name := range engine.Stacks(folder) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, o := range h.opened { // in memory there are no folders
		if o.Exists() && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (h *host) initStack(c *call, o *open) error {
	if o.Exists() {
		return fmt.Errorf("stack '%s' already exists", o.Stack.Name)
	}
	if err := o.Init(c.ctx); err != nil {
		return err
	}
	c.reply(front.Reply{Out: fmt.Sprintf("Created stack '%s'\n", o.Stack.Name)})
	return nil
}

// removeStack removes the state, the containers and, as Pulumi does, the stack file.
func (h *host) removeStack(c *call, o *open, a arguments) error {
	name := o.Stack.Name
	switch {
	case !o.Exists():
		return fmt.Errorf("no stack named '%s' found", name)
	case o.HasResources() && !slices.Contains(a.flags, "--force") && !slices.Contains(a.flags, "-f"):
		return fmt.Errorf("'%s' still has resources; removal rejected. Possible actions:\n"+
			"- Make sure that '%[1]s' is the stack that you want to destroy\n- Run `pulumi destroy` to delete the resources, then run `pulumi stack rm`\n"+
			"- Run `pulumi stack rm --force` to override this error", name)
	}
	if err := errors.Join(o.Forget(c.ctx), o.Erase(c.ctx)); err != nil {
		return err
	}
	h.forget(o)
	if !slices.Contains(a.flags, "--preserve-config") {
		if err := os.Remove(filepath.Join(o.Stack.Root, o.Stack.File())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	c.reply(front.Reply{Out: fmt.Sprintf("Stack '%s' has been removed!\n", name)})
	return nil
}
