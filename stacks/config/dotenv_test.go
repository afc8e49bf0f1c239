package config

import (
	"slices"
	"testing"
)

func TestDotenvKeys(t *testing.T) {
	asked, optional := DotenvKeys("# Where mail goes. Not needed = fine.\nAPP_NAME=\"a b\"\nAPP_KEY=\n\n  export DB_HOST = x\n#MAIL_HOST=\n# LOG_LEVEL=debug\n# memcached, redis or file\nnot a line\nlower=x\n")
	if !slices.Equal(asked, []string{"APP_NAME", "APP_KEY", "DB_HOST"}) || !slices.Equal(optional, []string{"MAIL_HOST", "LOG_LEVEL"}) {
		t.Errorf("asked are %q, optional are %q", asked, optional)
	}
}
