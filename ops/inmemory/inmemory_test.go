package inmemory

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOutput(t *testing.T) {
	root := t.TempDir()
	if _, err := Output(t.Context(), root, "preview"); err == nil || !strings.Contains(err.Error(), "make bin/emulator") {
		t.Errorf("without the emulator: %v", err)
	}
	if err := os.Mkdir(filepath.Join(root, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\npwd -P\necho \"$@\"\necho 'error: it rains' >&2\n[ \"$2\" = --ok ]\n"
	if err := os.WriteFile(filepath.Join(root, "bin", "emulator"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	folder, err := filepath.EvalSymlinks(root)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := Output(t.Context(), root, "preview", "--ok"); err != nil || string(out) != folder+"\npreview --ok\n" {
		t.Errorf("%q, %v", out, err)
	}
	out, err := Output(t.Context(), root, "preview")
	if err == nil || err.Error() != "emulator preview: exit status 1: it rains" {
		t.Errorf("the error is %v", err)
	}
	if string(out) != folder+"\npreview\n" {
		t.Errorf("beside the error it prints %q", out)
	}
}
