package forge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// marker is the first line of the note. A note that only quotes it is another one.
const marker = "<!-- laravel-ecs notes -->"

// partMark is the line before each part of the note, with its name.
var partMark = regexp.MustCompile(`(?m)^<!-- laravel-ecs part: (.+) -->$`)

// found is a note of a merge request. GitLab calls who wrote it author, GitHub user.
type found struct {
	ID           int64
	Body         string
	Author, User struct{ ID int64 }
}

// Outcome is what happened to the note.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged"
	Absent    Outcome = "absent" // there is none, and nothing to say
)

// settle is how long one job may take from reading the note to writing it, and after that waits before it looks whether its part is still
// there. Neither forge refuses to write over what somebody else wrote meanwhile
// (https://gitlab.com/gitlab-org/gitlab/-/issues/323808;
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api: no conditional requests of PATCH). Whoever writes
// over a part has read the note before that part was written, so he writes within this time after it, or not at all: then the part is
// written again. What is left is a forge that carries a call out after the caller gave it up.
var settle = 15 * time.Second

// Wait is how a job waits. Tests replace it.
var Wait = time.After

// attempts is how often a job writes its part again that others write over.
const attempts = 6

// Keep changes the parts of the one note on the merge request, by name; those that other jobs write stay. It may call change several times.
func (r *Request) Keep(ctx context.Context, change func(parts map[string]string)) (Outcome, error) {
	if r.token == "" {
		return "", fmt.Errorf("%w: set %s (%s)", ErrNoToken, r.variable, r.forge.needs)
	}
	var first Outcome
	for range attempts {
		outcome, err := r.write(ctx, change)
		if err != nil {
			return "", err
		}
		if first = cmp.Or(first, outcome); outcome == Unchanged || outcome == Absent {
			return first, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-Wait(settle):
		}
	}
	return "", errors.New("posting the note on " + r.forge.name + ": other jobs write over it again and again: run this job again")
}

// write reads the note and writes it, if the change makes a difference.
func (r *Request) write(ctx context.Context, change func(map[string]string)) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	notes, err := r.find(ctx)
	if err != nil {
		return "", fmt.Errorf("looking for the note on %s: %w", r.forge.name, err)
	}
	parts := map[string]string{}
	if len(notes) > 0 {
		parts = split(notes[0].Body)
	}
	change(parts)
	text := map[string]string{"body": r.forge.join(parts)}
	outcome := Unchanged
	switch {
	case len(notes) == 0 && len(parts) == 0:
		return Absent, nil
	case len(notes) == 0:
		outcome, err = Created, r.send(ctx, http.MethodPost, r.url, text)
	case strings.TrimSpace(notes[0].Body) != strings.TrimSpace(text["body"]):
		outcome, err = Updated, r.send(ctx, r.forge.method, r.forge.edit(r, notes[0].ID), text)
	default:
		err = r.merge(ctx, parts, notes)
	}
	if err != nil {
		return "", fmt.Errorf("posting the note on %s: %w", r.forge.name, err)
	}
	return outcome, nil
}

// merge deletes further notes, which jobs made that found none at the same moment, when all of their parts are in the first one. A copy that
// a person made stays.
func (r *Request) merge(ctx context.Context, parts map[string]string, notes []found) error {
	for _, note := range notes[1:] {
		whole := note.Author == notes[0].Author && note.User == notes[0].User
		for name := range split(note.Body) {
			whole = whole && parts[name] != ""
		}
		if !whole {
			continue // of a job that will move its part
		}
		if err := r.send(ctx, http.MethodDelete, r.forge.edit(r, note.ID), nil); err != nil {
			return err
		}
	}
	return nil
}

// find returns the notes with the marker, the oldest first.
func (r *Request) find(ctx context.Context) (all []found, err error) {
	for page := r.url + "?per_page=100"; page != ""; {
		var notes []found
		header, err := r.call(ctx, http.MethodGet, page, nil, &notes)
		if err != nil {
			return nil, err
		}
		for _, note := range notes {
			if first, _, _ := strings.Cut(note.Body, "\n"); strings.TrimSpace(first) == marker {
				all = append(all, note)
			}
		}
		page = ""
		if next := nextLink.FindStringSubmatch(header.Get("Link")); next != nil {
			page = next[1]
		}
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(all, func(a, b found) bool { return a.ID == b.ID }), nil // a page may repeat what has moved on to it
}

func (r *Request) send(ctx context.Context, method, address string, body any) error {
	_, err := r.call(ctx, method, address, body, nil)
	return err
}

// split returns the parts of a note.
func split(text string) map[string]string {
	parts := map[string]string{}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	marks := partMark.FindAllStringSubmatchIndex(text, -1)
	for i, mark := range marks {
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		parts[text[mark[2]:mark[3]]] = strings.TrimSpace(text[mark[1]:end])
	}
	return parts
}

const cut = "\n\n(cut here: the job's log has the whole text)"

// join is the note. One that is too long loses the ends of its longest parts.
func (f forge) join(parts map[string]string) string {
	parts = maps.Clone(parts)
	for {
		var b strings.Builder
		longest := ""
		b.WriteString(marker + "\n")
		for _, name := range slices.Sorted(maps.Keys(parts)) {
			text := strings.TrimSpace(partMark.ReplaceAllString(parts[name], ""))
			fmt.Fprintf(&b, "<!-- laravel-ecs part: %s -->\n%s\n\n", name, text)
			if len(text) > len(parts[longest]) {
				longest = name
			}
		}
		over := b.Len() - f.longest
		if over <= 0 {
			return b.String()
		}
		parts[longest] = shorten(parts[longest], len(parts[longest])-over)
	}
}

// shorten cuts a text at the end of a line, and ends the code block and the fold that it is in: an open one hides the parts after it.
func shorten(text string, longest int) string {
	const fence, fold, unfold = "\n```", "\n<details>", "\n</details>"
	text = text[:max(0, longest-len(cut)-len(fence)-len(unfold))]
	text = strings.TrimRight(text[:strings.LastIndex(text, "\n")+1], "\n")
	if strings.Count("\n"+text, fence)%2 == 1 {
		text += fence
	}
	if strings.Count("\n"+text, fold) > strings.Count(text, unfold) {
		text += unfold
	}
	return text + cut
}
