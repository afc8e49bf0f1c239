package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFileWarnings: whoever would lose files is told, and nobody else.
func TestFileWarnings(t *testing.T) {
	const (
		laravel11 = "<?php return [\n    'default' => env('FILESYSTEM_DISK', 'local'),\n    'disks' => [],\n];"
		laravel8  = "<?php return [\n    'default' => env('FILESYSTEM_DRIVER', 'local'),\n];"
		own       = "<?php return [\n    'default' => 'public',\n];"
		computed  = "<?php return [\n    'default' => app()->environment('x') ? 'a' : 'b',\n];"
		withS3    = `{"packages": [{"name": "league/flysystem-aws-s3-v3"}]}`
	)
	for name, test := range map[string]struct {
		filesystems, lock string
		bucket            bool
		env               map[string]string
		want              string // part of the only warning; empty: there is none
	}{
		"a skeleton without a bucket":          {laravel11, "", false, nil, `default disk is "local"`},
		"no configuration file":                {"", "", false, nil, `default disk is "local"`},
		"a disk of its own":                    {laravel11, "", false, map[string]string{"FILESYSTEM_DISK": "sftp"}, ""},
		"public":                               {own, "", false, nil, `default disk is "public"`},
		"computed":                             {computed, "", false, nil, ""},
		"a skeleton with a bucket":             {laravel11, `{"packages": []}`, true, nil, `no league/flysystem-aws-s3-v3: the default disk stays "local"`},
		"no lock":                              {laravel11, "", true, nil, `no league/flysystem-aws-s3-v3: the default disk stays "local"`},
		"s3 by choice, and no package":         {laravel11, "", true, map[string]string{"FILESYSTEM_DISK": "s3"}, "every use of the disk s3 fails"},
		"all there":                            {laravel11, withS3, true, nil, ""},
		"a bucket, and the variable of before": {laravel8, withS3, true, nil, `has the default disk "local"`},
		"a bucket, and local by choice":        {laravel11, withS3, true, map[string]string{"FILESYSTEM_DISK": "local"}, `has the default disk "local"`},
	} {
		t.Run(name, func(t *testing.T) {
			app := t.TempDir()
			write := func(file, text string) {
				t.Helper()
				if text == "" {
					return
				}
				path := filepath.Join(app, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("config/filesystems.php", test.filesystems)
			write("composer.lock", test.lock)
			write("composer.json", `{"require": {"laravel/framework": "^12.0"}}`)
			c := defaults()
			c.Image.App, c.Storage.Bucket, c.Env = app, test.bucket, test.env
			lines := c.FileWarnings()
			if got := strings.Join(lines, "\n"); (test.want == "") != (len(lines) == 0) || !strings.Contains(got, test.want) || len(lines) > 1 {
				t.Errorf("warnings are %q, want %q", lines, test.want)
			}
		})
	}
}
