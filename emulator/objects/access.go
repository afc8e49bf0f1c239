package objects

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

// need is an action on a resource.
type need struct{ action, resource string }

// needed are the permissions that a request asks for
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html).
func needed(r *http.Request, bucket, key string) []need {
	query, arn := r.URL.Query(), "arn:aws:s3:::"+bucket
	if bucket == "" {
		return []need{{"s3:ListAllMyBuckets", "*"}}
	}
	object := arn + "/" + key
	list := query.Has("acl")
	switch {
	case key == "" && query.Has("delete"):
		return []need{{"s3:DeleteObject", arn + "/*"}}
	case key == "" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		return []need{{"s3:ListBucket", arn}}
	case key == "":
		return []need{{"s3:" + strings.ToLower(r.Method) + "-bucket", arn}} // nothing that a task does
	case list && r.Method == http.MethodPut:
		return []need{{"s3:PutObjectAcl", object}}
	case list:
		return []need{{"s3:GetObjectAcl", object}}
	case r.Method == http.MethodDelete && query.Has("uploadId"):
		return []need{{"s3:AbortMultipartUpload", object}}
	case r.Method == http.MethodDelete:
		return []need{{"s3:DeleteObject", object}}
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return []need{{"s3:GetObject", object}}
	}
	needs := []need{{"s3:PutObject", object}}
	if r.Header.Get("X-Amz-Acl") != "" {
		needs = append(needs, need{"s3:PutObjectAcl", object})
	}
	if from := r.Header.Get("X-Amz-Copy-Source"); from != "" {
		if plain, err := url.PathUnescape(from); err == nil {
			from = plain
		}
		needs = append(needs, need{"s3:GetObject", "arn:aws:s3:::" + strings.TrimPrefix(from, "/")})
	}
	return needs
}

// may tells whether a policy of the role allows the action and none denies it. Conditions are not read: the program's policies for objects
// have none.
func (r Role) may(action, resource string) bool {
	allowed := false
	for _, text := range r.Policies {
		document, err := policydoc.Parse(text)
		if err != nil {
			return false
		}
		for _, s := range document.Statement {
			if !s.Action.Covers(action) || !s.Resource.Covers(resource) {
				continue
			}
			if s.Effect == "Deny" {
				return false
			}
			allowed = true
		}
	}
	return allowed
}

// authenticate finds the role whose credentials signed the request, in the header or, for a signed URL, in the query, and signs it again to
// compare (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html).
// hash is that of the body, where the request does not tell it.
func authenticate(config Config, r *http.Request, service, hash string) (Role, error) {
	query := r.URL.Query()
	scope, signed, signature, date, token := query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"), query.Get("X-Amz-Signature"), query.Get("X-Amz-Date"), query.Get("X-Amz-Security-Token")
	inURL := scope != ""
	if !inURL {
		parts := map[string]string{}
		text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256")
		for part := range strings.SplitSeq(text, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			parts[name] = value
		}
		scope, signed, signature, date, token = parts["Credential"], parts["SignedHeaders"], parts["Signature"], r.Header.Get("X-Amz-Date"), r.Header.Get("X-Amz-Security-Token")
	}
	if scope == "" {
		return Role{}, denied("Access Denied: the request is not signed, and nothing here is public")
	}
	key, rest, _ := strings.Cut(scope, "/")
	at, err := time.Parse("20060102T150405Z", date)
	if err != nil {
		return Role{}, denied("X-Amz-Date %q is not a time", date)
	}
	for id, role := range config.Roles {
		given := credentialsOf(id, role, at)
		if given.AccessKeyID != key {
			continue
		}
		if given.Token != token {
			return Role{}, &failure{http.StatusBadRequest, "InvalidToken", "The provided token is malformed or otherwise invalid."}
		}
		if want := "/" + config.Region + "/" + service + "/aws4_request"; !strings.HasSuffix("/"+rest, want) {
			return Role{}, &failure{http.StatusBadRequest, "AuthorizationHeaderMalformed", "The scope " + scope + " does not end with " + want}
		}
		if inURL {
			if seconds, err := time.ParseDuration(query.Get("X-Amz-Expires") + "s"); err != nil || time.Now().After(at.Add(seconds)) {
				return Role{}, denied("Request has expired")
			}
		}
		again, err := sign(r, config.Region, service, hash, given, strings.Split(signed, ";"), at, inURL)
		if err != nil {
			return Role{}, err
		}
		if again != signature {
			return Role{}, &failure{http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."}
		}
		return role, nil
	}
	return Role{}, &failure{http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."}
}

// sign returns the signature that the request must have.
func sign(r *http.Request, region, service, hash string, given issued, signed []string, at time.Time, inURL bool) (string, error) {
	address := *r.URL
	address.Scheme, address.Host = "http", r.Host
	query := address.Query()
	query.Del("X-Amz-Signature")
	if inURL { // the signer adds its own
		for _, name := range []string{"X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Algorithm"} {
			query.Del(name)
		}
	}
	address.RawQuery = query.Encode()
	copied := &http.Request{Method: r.Method, URL: &address, Host: r.Host, Header: http.Header{}}
	for name, values := range r.Header {
		if slices.Contains(signed, strings.ToLower(name)) {
			copied.Header[name] = values
		}
	}
	if slices.Contains(signed, "content-length") {
		copied.ContentLength = r.ContentLength
	}
	hash = cmp.Or(r.Header.Get("X-Amz-Content-Sha256"), hash)
	whose := aws.Credentials{AccessKeyID: given.AccessKeyID, SecretAccessKey: given.SecretAccessKey, SessionToken: given.Token}
	plain := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }
	if inURL {
		uri, _, err := v4.NewSigner().PresignHTTP(r.Context(), whose, copied, hash, service, region, at, plain)
		if err != nil {
			return "", err
		}
		parsed, err := url.Parse(uri)
		return parsed.Query().Get("X-Amz-Signature"), err
	}
	if err := v4.NewSigner().SignHTTP(r.Context(), whose, copied, hash, service, region, at, plain); err != nil {
		return "", err
	}
	_, signature, _ := strings.Cut(copied.Header.Get("Authorization"), "Signature=")
	return signature, nil
}
