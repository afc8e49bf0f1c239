package app

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
)

func TestCompare(t *testing.T) {
	provided := []string{"APP_URL", "DB_HOST", "LOG_LEVEL", "APP_KEY"}
	for name, test := range map[string]struct {
		asked, optional, missing, unused []string
	}{
		"all there":            {[]string{"APP_KEY", "APP_URL", "DB_HOST", "LOG_LEVEL"}, nil, nil, nil},
		"two missing":          {[]string{"MAIL_HOST", "APP_KEY", "APP_URL", "AWS_BUCKET", "MAIL_HOST"}, []string{"DB_HOST", "LOG_LEVEL"}, []string{"AWS_BUCKET", "MAIL_HOST"}, nil},
		"optional ones":        {[]string{"APP_KEY", "APP_URL", "DB_HOST"}, []string{"MAIL_HOST", "LOG_LEVEL"}, nil, nil},
		"one unused":           {[]string{"APP_KEY", "APP_URL", "DB_HOST"}, nil, nil, []string{"LOG_LEVEL"}},
		"an unused secret":     {[]string{"APP_URL", "DB_HOST", "LOG_LEVEL"}, nil, nil, []string{"APP_KEY"}},
		"nothing is asked for": {nil, nil, nil, []string{"APP_KEY", "APP_URL", "DB_HOST", "LOG_LEVEL"}},
	} {
		if missing, unused := compare(test.asked, test.optional, provided); !slices.Equal(missing, test.missing) || !slices.Equal(unused, test.unused) {
			t.Errorf("%s: missing %q, unused %q", name, missing, unused)
		}
	}
}

// TestCheckConfig: what the emulator prints is compared with .env.example. The program itself runs in the scripts of cmd/emulator.
func TestCheckConfig(t *testing.T) {
	root := project(t, "config:\n  laravel-ecs:image: {app: app}\n")
	checked := func() (string, error) {
		var out strings.Builder
		err := CheckConfig(t.Context(), root, "staging", &out)
		return out.String(), err
	}
	if _, err := checked(); err == nil || !strings.Contains(err.Error(), "app/.env.example") {
		t.Errorf("without a .env.example: %v", err)
	}
	writeFile(t, filepath.Join(root, "app", ".env.example"), "APP_KEY=\nPAYMENT_KEY=\n")
	if _, err := checked(); err == nil || !strings.Contains(err.Error(), "make bin/emulator") {
		t.Errorf("without the emulator: %v", err)
	}
	emulator := filepath.Join(root, "bin", "emulator")
	writeFile(t, emulator, "#!/bin/sh\n[ \"$*\" = 'outputs --stack staging --json' ] && "+
		`echo '{"appConfig": {"APP_DEBUG": "false", "LOG_LEVEL": "info"}, "secretArns": {"APP_KEY": "arn"}, "url": "x"}'`+"\n")
	said, err := checked()
	want := "Pulumi.staging.yaml provides 3 variables, 1 of them secret\nnot in app/.env.example: APP_DEBUG, LOG_LEVEL\nmissing, though app/.env.example asks for it: PAYMENT_KEY\n"
	if exit.Code(err) != 1 || !exit.Printed(err) || !strings.HasPrefix(said, want) {
		t.Errorf("%v:\n%s", err, said)
	}
	writeFile(t, filepath.Join(root, "app", ".env.example"), "APP_KEY=\n# APP_DEBUG=\nLOG_LEVEL=\n")
	if said, err = checked(); err != nil || !strings.HasSuffix(said, "secret\neverything that app/.env.example asks for is there\n") {
		t.Errorf("%v:\n%s", err, said)
	}
	// What Vite reads is in the bundle or nowhere.
	writeFile(t, filepath.Join(root, "app", ".env.example"), "APP_KEY=\n# APP_DEBUG=\nLOG_LEVEL=\nVITE_APP_NAME=\nVITE_KEY=\nMIX_URL=\n")
	writeFile(t, filepath.Join(root, "Pulumi.staging.yaml"), "config:\n  laravel-ecs:image: {app: app, buildEnv: {VITE_APP_NAME: Shop}}\n  laravel-ecs:env: {VITE_KEY: x}\n")
	said, err = checked()
	want = "in the bundle (image.buildEnv): VITE_APP_NAME\nundefined in the bundle, though app/.env.example has it: VITE_KEY, MIX_URL; set image.buildEnv.NAME in Pulumi.staging.yaml\n" +
		"env.VITE_KEY has no effect on the bundle, which is made before a container starts: use image.buildEnv\n"
	if err != nil || !strings.HasPrefix(said, want) || !strings.HasSuffix(said, "everything that app/.env.example asks for is there\n") {
		t.Errorf("%v:\n%s", err, said)
	}
	writeFile(t, emulator, "#!/bin/sh\necho 'error: database.backupDays: 99 is outside 1-35' >&2; exit 1\n")
	if _, err = checked(); err == nil || !strings.Contains(err.Error(), "Pulumi.staging.yaml: emulator outputs: exit status 1: database.backupDays: 99") {
		t.Errorf("a stack file that is refused: %v", err)
	}
}
