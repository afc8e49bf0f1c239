package objects

import (
	"net/http"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

// preflight adds the headers that the bucket's rules have for the request's origin, and answers a browser that asks before it sends
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html). It tells whether it has answered.
func preflight(w http.ResponseWriter, r *http.Request, rules []CORSRule) bool {
	origin, method, asks := r.Header.Get("Origin"), r.Method, r.Method == http.MethodOptions
	if asks {
		method = r.Header.Get("Access-Control-Request-Method")
	}
	i := slices.IndexFunc(rules, func(rule CORSRule) bool {
		return policydoc.OneOrMany(rule.AllowedOrigins).Covers(origin) && slices.Contains(rule.AllowedMethods, method)
	})
	switch {
	case i >= 0 && origin != "":
		rule := rules[i]
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Methods", strings.Join(rule.AllowedMethods, ", "))
		h.Set("Access-Control-Expose-Headers", strings.Join(rule.ExposeHeaders, ", "))
		h.Set("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
		if headers := r.Header.Get("Access-Control-Request-Headers"); headers != "" {
			h.Set("Access-Control-Allow-Headers", headers)
		}
	case asks:
		refuse(w, denied("CORSResponse: This CORS request is not allowed."))
		return true
	}
	if asks {
		w.WriteHeader(http.StatusOK)
	}
	return asks
}
