package system_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestDatabaseStays is nights off by hand, and then docs/restore.md, "Restore a destroyed environment": the rows of the database are there
// again in the morning, and after a destroy and a new deployment from the final snapshot.
func TestDatabaseStays(t *testing.T) {
	t.Parallel()
	p := newProof(t)
	p.set(t, settings{"database.finalSnapshot": true})
	p.finished(t, p.make(t, "up"))
	t.Run("nights off", p.nightsOff)
	p.restored(t)
}

// restored destroys the environment and deploys it again from its final snapshot.
func (p *proof) restored(t *testing.T) {
	before := visits(t, p.site)
	for range 9 {
		next := visits(t, p.site)
		if next != before+1 {
			t.Fatalf("the visit after number %d counts %d", before, next)
		}
		before = next
	}
	p.make(t, "down")
	if left := p.left(t); left != "" {
		t.Fatalf("make down left behind:\n%s", left)
	}
	kept, err := filepath.Glob(filepath.Join(p.state, "snapshots", "*.sql"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("final snapshots: %v, %v", kept, err)
	}
	name := strings.TrimSuffix(filepath.Base(kept[0]), ".sql")
	p.set(t, settings{"database.restore": settings{"snapshot": name, "generation": 2, "old": "none"}})
	out := p.make(t, "up")
	// make up visits the page itself, when it is healthy. A new database would begin with 1.
	if now := visits(t, p.site); now <= before || now > before+5 {
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
