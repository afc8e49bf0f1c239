package session

import (
	"cmp"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// role is what the stack file says of a role to assume: aws:assumeRole (pulumi-aws 6), an element of aws:assumeRoles (7), or
// aws:assumeRoleWithWebIdentity.
type role struct {
	RoleARN              string `json:"roleArn"`
	SessionName          string `json:"sessionName"`
	ExternalID           string `json:"externalId"`
	Duration             string `json:"duration"`
	WebIdentityToken     string `json:"webIdentityToken"`
	WebIdentityTokenFile string `json:"webIdentityTokenFile"`
}

// assumeRoles puts the roles of the stack file on top of the credentials that there are, in the order of the provider: the web
// identity first, then one role after the other.
func (s *Session) assumeRoles(loaded aws.Config) (aws.Config, error) {
	var web, one role
	var chain []role
	for name, into := range map[string]any{"aws:assumeRoleWithWebIdentity": &web, "aws:assumeRole": &one, "aws:assumeRoles": &chain} {
		if err := s.decode(name, into); err != nil {
			return loaded, err
		}
	}
	if one.RoleARN != "" {
		chain = append([]role{one}, chain...)
	}
	if web.RoleARN != "" {
		loaded.Credentials = aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(loaded), web.RoleARN, web.token(),
			func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = web.SessionName }))
	}
	for _, each := range chain {
		duration, err := time.ParseDuration(cmp.Or(each.Duration, "0s"))
		if err != nil {
			return loaded, fmt.Errorf("%s: duration of %s: %w", s.File.Name(), each.RoleARN, err)
		}
		loaded.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(loaded), each.RoleARN,
			func(o *stscreds.AssumeRoleOptions) {
				o.RoleSessionName, o.Duration = cmp.Or(each.SessionName, "laravel-ecs"), duration
				if each.ExternalID != "" {
					o.ExternalID = aws.String(each.ExternalID)
				}
			}))
	}
	return loaded, nil
}

func (r role) token() stscreds.IdentityTokenRetriever {
	if r.WebIdentityToken != "" {
		return identityToken(r.WebIdentityToken)
	}
	return stscreds.IdentityTokenFile(cmp.Or(r.WebIdentityTokenFile, os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE")))
}

// identityToken is a token that is at hand.
type identityToken string

// GetIdentityToken returns it.
func (t identityToken) GetIdentityToken() ([]byte, error) { return []byte(t), nil }
