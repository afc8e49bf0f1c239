package api

import (
	"net/http"
	"regexp"

	"github.com/laravel-ecs/laravel-ecs/emulator/api/wire"
)

var credential = regexp.MustCompile(`Credential=([^/,]+)/`)

// ExpiredToken is a session token that counts as expired. The emulated account hands out none, so another one is invalid.
const ExpiredToken = "expired"

// authenticate accepts a request that is signed with the account's access key. The signature itself is not checked: the
// server listens on loopback, and the secret is no secret. Codes and words are those of
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html; the services with JSON have names of their own for two.
func (s *Server) authenticate(r *http.Request, q wire.Request) error {
	key, token := credential.FindStringSubmatch(r.Header.Get("Authorization")), r.Header.Get("X-Amz-Security-Token")
	inQuery := q.Protocol == wire.Query
	switch {
	case key == nil && inQuery:
		return refuse("MissingAuthenticationToken", "Request is missing Authentication Token")
	case key == nil:
		return refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
	case token == ExpiredToken && inQuery:
		return refuse("ExpiredToken", "The security token included in the request is expired")
	case token == ExpiredToken:
		return refuse("ExpiredTokenException", "The security token included in the request is expired")
	case key[1] == s.accessKey && token == "":
		return nil
	case inQuery:
		return refuse("InvalidClientTokenId", "The security token included in the request is invalid.")
	default:
		return refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
}
