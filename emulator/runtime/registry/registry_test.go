package registry

import "testing"

func TestLocalName(t *testing.T) {
	const ecr, digest = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/", "@sha256:0123456789012345678901234567890123456789012345678901234567890123"
	for image, want := range map[string]string{
		ecr + "app":                       "127.0.0.1:5000/app",
		ecr + "team/app:v1":               "127.0.0.1:5000/team/app:v1",
		ecr + "app" + digest:              "127.0.0.1:5000/app" + digest,
		ecr + "app:v1" + digest:           "127.0.0.1:5000/app" + digest,
		"nginx:1":                         "nginx:1",
		"public.ecr.aws/x/nginx":          "public.ecr.aws/x/nginx",
		"210987654321" + ecr[12:] + "app": "210987654321" + ecr[12:] + "app",
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/app": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app",
	} {
		if got, fromECR := LocalName(image, "123456789012", "eu-central-1", "127.0.0.1:5000"); got != want || fromECR != (got != image) {
			t.Errorf("%s: %s, %v; want %s", image, got, fromECR, want)
		}
	}
}
