package doctor

import (
	"slices"
	"testing"
)

func TestDotenv(t *testing.T) {
	got := Dotenv("# Where mail goes. Not needed = fine.\nAPP_NAME=\"a b\"\nAPP_KEY=\n\n  export DB_HOST = x\n#MAIL_HOST=\n# LOG_LEVEL=debug\n# memcached, redis or file\nnot a line\nlower=x\nSESSION_DOMAIN=null\n")
	want := []Line{{"APP_NAME", "a b", false}, {"APP_KEY", "", false}, {"DB_HOST", "x", false}, {"MAIL_HOST", "", true}, {"LOG_LEVEL", "debug", true}, {"SESSION_DOMAIN", "null", false}}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	for value, null := range map[string]bool{"null": true, "(NULL)": true, "empty": true, "": false, "nullable": false} {
		if (Line{Value: value}).Null() != null {
			t.Errorf("%q", value)
		}
	}
}
