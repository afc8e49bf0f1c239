package system_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestRestoreDrill is docs/restore.md, "Restore a destroyed environment": the rows of the database are there again after a destroy and
// a new deployment from the final snapshot.
func TestRestoreDrill(t *testing.T) {
	s := newSite(t)
	file := filepath.Join(s.dir, "Pulumi.local.yaml")
	edit(t, file, "finalSnapshot: false", "finalSnapshot: true")
	s.make(t, "up")
	before := visits(t, s)
	for range 9 {
		next := visits(t, s)
		if next != before+1 {
			t.Fatalf("the visit after number %d counts %d", before, next)
		}
		before = next
	}
	s.make(t, "down")
	if left := s.left(t); left != "" {
		t.Fatalf("make down left behind:\n%s", left)
	}
	kept, err := filepath.Glob(filepath.Join(s.state, "snapshots", "*.sql"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("final snapshots: %v, %v", kept, err)
	}
	name := strings.TrimSuffix(filepath.Base(kept[0]), ".sql")
	edit(t, file, "    finalSnapshot: true", fmt.Sprintf("    finalSnapshot: true\n    restore: {snapshot: %s, generation: 2, old: none}", name))
	out := s.make(t, "up")
	// make up visits the page itself, when it is healthy. A new database would begin with 1.
	if now := visits(t, s); now <= before || now > before+5 {
		t.Errorf("%d visits before the destroy, %d with the next one:\n%s", before, now, out)
	}
}

// visits visits the page, which counts its visits in the database.
func visits(t *testing.T, s *site) int {
	t.Helper()
	_, page := get(t, browser(t), s.url("/"))
	n, err := strconv.Atoi(field(t, page, "visits"))
	if err != nil {
		t.Fatalf("visits: %v", err)
	}
	return n
}
