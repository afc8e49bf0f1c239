package haproxy

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"slices"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// KeptPrefix begins the names of the certificates' files, which outlive the load balancer.
const KeptPrefix = "certificate-"

func certificateFile(port int) string { return fmt.Sprintf("listener%d.pem", port) }

// certificate returns a self-signed certificate with its key for the domains of an ACM certificate, and for localhost.
// It is kept in the state folder, so that a browser's exception stays good.
func (r *Balancer) certificate(arn string) ([]byte, error) {
	declared, ok := r.Account.Find(account.CertificateToken, "arn", arn)
	if !ok {
		return nil, fmt.Errorf("CertificateNotFound: %q is not a certificate of this account", arn)
	}
	names := append([]string{declared.Outputs.Text("domainName")}, declared.Outputs.Strings("subjectAlternativeNames")...)
	names = append(names, "localhost")
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
	sum := sha256.Sum256(fmt.Append(nil, names))
	path := r.Path(fmt.Sprintf("%s%x.pem", KeptPrefix, sum[:4]))
	if kept, err := os.ReadFile(path); err == nil && stillGood(kept) {
		return kept, nil
	}
	made, err := SelfSigned(names, time.Now())
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %v: %w", names, err)
	}
	return made, machine.WriteFile(path, made)
}

// SelfSigned makes a certificate for a year, followed by its key, as HAProxy reads them.
func SelfSigned(names []string, now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: names[0], Organization: []string{"laravel-ecs emulator"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0), DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = errors.Join(pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: certificate}), pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	return out.Bytes(), err
}

// stillGood says whether a kept certificate lasts another month.
func stillGood(data []byte) bool {
	block, _ := pem.Decode(data)
	if block == nil {
		return false
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	return err == nil && time.Now().AddDate(0, 1, 0).Before(certificate.NotAfter)
}
