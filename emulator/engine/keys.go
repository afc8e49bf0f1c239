package engine

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

// throwawayKey is the secrets provider of a throwaway run. The CLI derives the key of a passphrase with 1,000,000 rounds of PBKDF2 in
// every command (pulumi/sdk, go/common/resource/config/crypt.go), a quarter of the time of a small one; KMS, which the pipelines of the
// account stack use, costs one request.
const throwawayKey = "awskms://alias/throwaway?region=us-east-1"

// keyService answers as KMS does, on loopback. It encrypts nothing, and need not: a throwaway run has secrets of no server, and its state goes
// with it.
type keyService struct {
	http.Server
	address string
}

func serveKeys() (*keyService, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &keyService{address: "http://" + listener.Addr().String()}
	s.Handler = http.HandlerFunc(answerKeys)
	go func() { _ = s.Serve(listener) }() // it ends with Close
	return s, nil
}

// answerKeys is Encrypt and Decrypt of https://docs.aws.amazon.com/kms/latest/APIReference: one blob in, one out.
func answerKeys(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		KeyID                     string `json:"KeyId"`
		Plaintext, CiphertextBlob string
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer := map[string]string{"KeyId": asked.KeyID}
	switch r.Header.Get("X-Amz-Target") {
	case "TrentService.Encrypt":
		answer["CiphertextBlob"] = asked.Plaintext
	case "TrentService.Decrypt":
		answer["Plaintext"] = asked.CiphertextBlob
	default:
		http.Error(w, `{"__type":"UnknownOperationException"}`, http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(answer)
}

// environment is what leads the CLI to the service.
func (s *keyService) environment() []string {
	return []string{
		"AWS_ENDPOINT_URL_KMS=" + s.address, "AWS_ACCESS_KEY_ID=throwaway", "AWS_SECRET_ACCESS_KEY=throwaway", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}
}

// withoutLog keeps the CLI from writing a log of every command, a tenth of its time: it has no switch for that, and goes on where the
// folder of the logs cannot be made (pulumi/pkg, logging/encrypted.go).
func withoutLog(home string) error {
	err := os.MkdirAll(home, 0o700)
	return errors.Join(err, os.WriteFile(filepath.Join(home, "logs"), nil, 0o600))
}
