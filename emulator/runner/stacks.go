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
	"github.com/laravel-ecs/laravel-ecs/emulator/local"
)

// listing is one stack in the output of `pulumi stack ls --json`.
type listing struct {
	Name             string `json:"name"`
	Current          bool   `json:"current"`
	UpdateInProgress bool   `json:"updateInProgress"`
}

// listStacks lists the stacks that have a state: every one has a folder of its own.
func (h *host) listStacks(c *call, a arguments) error {
	names, err := h.stackNames()
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
		list = append(list, listing{Name: name, Current: name == h.main.Name})
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	c.reply(front.Reply{Out: string(text) + "\n"})
	return nil
}

func (h *host) stackNames() ([]string, error) {
	var names []string
	folders := []string{h.main.State}
	if !h.main.InMemory {
		others, err := filepath.Glob(filepath.Join(h.main.Root, ".local", "*"))
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
	for _, o := range h.all() { // in memory there are no folders
		if o.InMemory && o.held != nil && o.held.Exists() {
			names = append(names, o.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func initStack(c *call, o *local.Opened) error {
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
func (h *host) removeStack(c *call, o *open, held *local.Opened, a arguments) error {
	name := o.Name
	switch {
	case !held.Exists():
		return fmt.Errorf("no stack named '%s' found", name)
	case held.HasResources() && !slices.Contains(a.flags, "--force") && !slices.Contains(a.flags, "-f"):
		return fmt.Errorf("'%s' still has resources; removal rejected. Possible actions:\n"+
			"- Make sure that '%[1]s' is the stack that you want to destroy\n- Run `pulumi destroy` to delete the resources, then run `pulumi stack rm`\n"+
			"- Run `pulumi stack rm --force` to override this error", name)
	}
	if err := errors.Join(held.Forget(c.ctx), held.Erase(c.ctx)); err != nil {
		return err
	}
	if o != h.main { // whose account in memory may be shared
		o.close()
	}
	if !slices.Contains(a.flags, "--preserve-config") {
		if err := os.Remove(filepath.Join(o.Root, o.File())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	c.reply(front.Reply{Out: fmt.Sprintf("Stack '%s' has been removed!\n", name)})
	return nil
}
