package objects

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

const role = "arn:aws:iam::123456789012:role/laravel-local-access-task"

// policy is what the program gives the role of tasks.
const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::files"]},
{"Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:GetObject","s3:GetObjectAcl","s3:PutObject","s3:PutObjectAcl"],"Resource":["arn:aws:s3:::files/*"]}]}`

type world struct {
	t      *testing.T
	url    string
	config string
	client *s3.Client
}

// serve starts a server with the buckets files and other, and a client with the credentials of the role, from the agent's path.
func serve(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, config: filepath.Join(t.TempDir(), "config.json")}
	w.write("files", "other")
	server, err := New(w.config, filepath.Join(t.TempDir(), "objects"), filepath.Join(t.TempDir(), "jobs"))
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	w.url = listening.URL
	var given issued
	if status, text := w.get(CredentialsPath + ID(role)); json.Unmarshal([]byte(text), &given) != nil || given.RoleArn != role {
		t.Fatalf("the agent answers %d, %s", status, text)
	}
	w.client = w.as(given.AccessKeyID, given.SecretAccessKey, given.Token)
	return w
}

func (w *world) as(key, secret, token string, change ...func(*s3.Options)) *s3.Client {
	return s3.New(s3.Options{Region: "eu-west-1", BaseEndpoint: &w.url, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(key, secret, token)}, change...)
}

func (w *world) write(buckets ...string) {
	w.t.Helper()
	const own = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::files/sealed/*"}]}`
	c := Config{Region: "eu-west-1", Buckets: map[string]Bucket{}, Roles: map[string]Role{ID(role): {ARN: role, Policies: []string{policy, own}}}}
	for _, name := range buckets {
		c.Buckets[name] = Bucket{CORS: []CORSRule{{AllowedOrigins: []string{"https://*.example.com"}, AllowedMethods: []string{"PUT"}, ExposeHeaders: []string{"ETag"}}}}
	}
	w.put(c)
}

func (w *world) put(c Config) {
	w.t.Helper()
	text, err := json.Marshal(c)
	if err == nil {
		err = os.WriteFile(w.config, text, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) get(path string) (int, string) {
	w.t.Helper()
	answer, err := http.Get(w.url + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(text))
}

func code(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// TestTheSDKOfAWS: what Flysystem's adapter does, by the real SDK, whose signatures the server computes again.
func TestTheSDKOfAWS(t *testing.T) {
	w := serve(t)
	ctx, c := t.Context(), w.client
	put := &s3.PutObjectInput{Bucket: aws.String("files"), Key: aws.String("photos/a b.txt"), Body: strings.NewReader("hello"), ACL: types.ObjectCannedACLPrivate, ContentType: aws.String("text/plain")}
	if _, err := c.PutObject(ctx, put); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("files"), Key: aws.String("photos/c.txt"), CopySource: aws.String("files/photos/a%20b.txt")}); err != nil {
		t.Fatal(err)
	}
	got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("files"), Key: aws.String("photos/c.txt")})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(got.Body); string(text) != "hello" || aws.ToString(got.ContentType) != "text/plain" {
		t.Errorf("read %q of %s", text, aws.ToString(got.ContentType))
	}
	acl, err := c.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: aws.String("files"), Key: aws.String("photos/c.txt")})
	if err != nil || len(acl.Grants) != 1 || acl.Grants[0].Permission != types.PermissionFullControl {
		t.Errorf("access list %+v, %v", acl, err)
	}
	list, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("files"), Prefix: aws.String("photos/")})
	if err != nil || len(list.Contents) != 2 {
		t.Errorf("listed %+v, %v", list, err)
	}
	multipart(t, c)
	several := &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("large")}, {Key: aws.String("photos/a b.txt")}}} // of deleteDirectory
	if done, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String("files"), Delete: several}); err != nil || len(done.Deleted) != 2 {
		t.Errorf("deleted %+v, %v", done, err)
	}
	if _, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("files"), Key: aws.String("photos/c.txt")}); err != nil {
		t.Error(err)
	}
	if _, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("files"), Key: aws.String("photos/c.txt")}); code(err) != "NotFound" {
		t.Errorf("a deleted file: %v", err)
	}
}

func multipart(t *testing.T, c *s3.Client) {
	t.Helper()
	bucket, key := aws.String("files"), aws.String("large")
	upload, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	part, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader(make([]byte, 5<<20))})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{
		Parts: []types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1)}},
	}})
	if err != nil {
		t.Error(err)
	}
}

// TestRefusals: the bucket of another environment, what a policy denies, public access lists, settings, wrong signatures and none.
func TestRefusals(t *testing.T) {
	w := serve(t)
	ctx := t.Context()
	put := func(c *s3.Client, bucket string, acl types.ObjectCannedACL) error {
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("x"), Body: strings.NewReader("x"), ACL: acl})
		return err
	}
	copied := func(to, from string) error {
		_, err := w.client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("files"), Key: &to, CopySource: &from})
		return err
	}
	given := credentialsOf(ID(role), Role{}, time.Now())
	_, settings := w.client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: aws.String("files"), CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{}}})
	_, buckets := w.client.ListBuckets(ctx, &s3.ListBucketsInput{})
	for what, test := range map[string]struct {
		err  error
		want string
	}{
		"its own bucket":    {put(w.client, "files", types.ObjectCannedACLPrivate), ""},
		"a copy":            {copied("y", "files/x"), ""},
		"a copy from it":    {copied("y", "other/x"), "AccessDenied"},
		"a denied folder":   {copied("sealed/y", "files/x"), "AccessDenied"},
		"another bucket":    {put(w.client, "other", ""), "AccessDenied"},
		"for everybody":     {put(w.client, "files", types.ObjectCannedACLPublicRead), "AccessControlListNotSupported"},
		"settings":          {settings, "AccessDenied"},
		"all buckets":       {buckets, "AccessDenied"},
		"a wrong secret":    {put(w.as(given.AccessKeyID, "wrong", given.Token), "files", ""), "SignatureDoesNotMatch"},
		"without the token": {put(w.as(given.AccessKeyID, given.SecretAccessKey, ""), "files", ""), "InvalidToken"},
		"somebody's key":    {put(w.as("AKIASOMEBODY", "x", ""), "files", ""), "InvalidAccessKeyId"},
		"another region": {put(w.as(given.AccessKeyID, given.SecretAccessKey, given.Token, func(o *s3.Options) { o.Region = "eu-west-2" }), "files", ""),
			"AuthorizationHeaderMalformed"},
	} {
		if code(test.err) != test.want {
			t.Errorf("%s: %v, want %s", what, test.err, test.want)
		}
	}
	for path, want := range map[string]int{"/files/x": http.StatusForbidden, CredentialsPath + "unknown": http.StatusBadRequest} {
		if got, _ := w.get(path); got != want {
			t.Errorf("nobody's request of %s: %d", path, got)
		}
	}
}

// TestSignedURLs is an upload of the browser: it asks from the application's page, and sends to a URL that the application signed.
func TestSignedURLs(t *testing.T) {
	w := serve(t)
	signed, err := s3.NewPresignClient(w.client).PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("files"), Key: aws.String("livewire-tmp/a.png")}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	send := func(method, url, origin string, header ...string) *http.Response {
		t.Helper()
		request, err := http.NewRequest(method, url, strings.NewReader("png"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", origin)
		for i := 0; i < len(header); i += 2 {
			request.Header.Set(header[i], header[i+1])
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer
	}
	for origin, want := range map[string]int{"https://app.example.com": http.StatusOK, "https://evil.example": http.StatusForbidden} {
		if got := send(http.MethodOptions, signed.URL, origin, "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "content-type"); got.StatusCode != want ||
			(got.Header.Get("Access-Control-Allow-Origin") == origin) != (want == http.StatusOK) {
			t.Errorf("%s: %s, %v", origin, got.Status, got.Header)
		}
	}
	if got := send(http.MethodPut, signed.URL, "https://app.example.com"); got.StatusCode != http.StatusOK || got.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("the upload: %s, %v", got.Status, got.Header)
	}
	if got := send(http.MethodPut, strings.Replace(signed.URL, "a.png", "b.png", 1), ""); got.StatusCode != http.StatusForbidden {
		t.Errorf("another file: %s", got.Status)
	}
	given := credentialsOf(ID(role), Role{}, time.Now())
	for age, want := range map[time.Duration]int{time.Minute: http.StatusOK, time.Hour: http.StatusForbidden} { // of a URL for ten minutes
		request, err := http.NewRequest(http.MethodPut, w.url+"/files/livewire-tmp/a.png?X-Amz-Expires=600", nil)
		if err != nil {
			t.Fatal(err)
		}
		url, _, err := v4.NewSigner().PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: given.AccessKeyID, SecretAccessKey: given.SecretAccessKey, SessionToken: given.Token},
			request, "UNSIGNED-PAYLOAD", "s3", "eu-west-1", time.Now().Add(-age))
		if err != nil {
			t.Fatal(err)
		}
		if got := send(http.MethodPut, url, ""); got.StatusCode != want {
			t.Errorf("after %s: %s", age, got.Status)
		}
	}
}
