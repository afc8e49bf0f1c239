package objects

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestBucketsFollowTheAccount: a bucket that is gone from the account is gone with its files, and others keep theirs.
func TestBucketsFollowTheAccount(t *testing.T) {
	w := serve(t)
	if _, err := w.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("files"), Key: aws.String("x"), Body: strings.NewReader("x")}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		buckets []string
		want    string
	}{{[]string{"files"}, "1"}, {[]string{"other"}, "0"}, {[]string{"files"}, "0"}} {
		w.write(step.buckets...)
		if err := os.Chtimes(w.config, time.Unix(0, 0), time.Unix(0, 0)); err != nil { // as docker cp leaves it
			t.Fatal(err)
		}
		if _, got := w.get("/-/objects?bucket=files"); got != step.want {
			t.Errorf("with %v: %s objects, want %s", step.buckets, got, step.want)
		}
	}
}

// TestUnusableConfiguration: every request fails until another configuration comes, and not the first one only.
func TestUnusableConfiguration(t *testing.T) {
	w := serve(t)
	for _, step := range []struct {
		buckets []string
		want    int
	}{{[]string{"files", ""}, http.StatusInternalServerError}, {[]string{"files"}, http.StatusOK}} {
		w.write(step.buckets...)
		for range 2 {
			if got, text := w.get("/-/objects?bucket=files"); got != step.want {
				t.Errorf("with the buckets %q: %d %s", step.buckets, got, text)
			}
		}
	}
}
