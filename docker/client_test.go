package docker_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority makes a certificate of its own for a host, and returns the folder with ca.pem, cert.pem and key.pem.
func authority(t *testing.T, host string) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name, kind string, bytes []byte, err error) {
		t.Helper()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	key := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	}
	ca, caKey, serverKey := template(1, "authority"), key(), key()
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	bytes, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	put("ca.pem", "CERTIFICATE", bytes, err)
	server := template(2, host)
	server.DNSNames = []string{host}
	bytes, err = x509.CreateCertificate(rand.Reader, server, ca, &serverKey.PublicKey, caKey)
	put("cert.pem", "CERTIFICATE", bytes, err)
	bytes, err = x509.MarshalPKCS8PrivateKey(serverKey)
	put("key.pem", "PRIVATE KEY", bytes, err)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestSquashedMigrations: an application with a dump of its tables gets the client that loads it, without a word in the stack file. The
// client connects as Laravel does: in plain text where there is no certificate to verify, and with the authority of the connection.
func TestSquashedMigrations(t *testing.T) {
	t.Parallel()
	dir, own := appTree(t, "squashed"), image+"-squashed"
	buildTree(t, dir, own, "--build-arg", "APP=app")
	env := database(t)
	check := func(name string, env []string, flags []string) {
		t.Helper()
		log, status := runOnce(t, options{image: own, env: env, flags: flags, args: []string{"migrate"}})
		if status != 0 || !strings.Contains(log, "database/schema/mysql-schema.sql") {
			t.Errorf("%s: migrate exits %d:\n%s", name, status, log)
		}
	}
	check("without TLS", env, nil)
	if got := query(t, env, "SELECT COUNT(*) FROM squashed; SELECT COUNT(*) FROM users; SELECT COUNT(*) FROM migrations"); got != "0\n0\n2" {
		t.Errorf("rows: %q", got)
	}

	tls := authority(t, "db-tls")
	id, err := docker("run", "--detach", "--label", label, "--network", network, "--network-alias", "db-tls", "--volume", tls+":/tls:ro", "laravel-ecs/test-mariadb",
		"sh", "-ec", `mariadb-install-db --skip-test-db --auth-root-authentication-method=socket --auth-root-socket-user=mysql >/dev/null
		exec mariadbd --no-defaults --socket=/run/mysqld/mysqld.sock --ssl-ca=/tls/ca.pem --ssl-cert=/tls/cert.pem --ssl-key=/tls/key.pem --require-secure-transport=ON`)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := docker("rm", "--force", "--volumes", id); err != nil {
			t.Error(err)
		}
	})
	const sql = "CREATE DATABASE app; GRANT ALL ON app.* TO 'app'@'%' IDENTIFIED BY 'secret'"
	waitFor(t, time.Minute, "MariaDB to start", func() bool {
		_, err := docker("exec", id, "mariadb", "--socket=/run/mysqld/mysqld.sock", "--execute", sql)
		return err == nil
	})
	secure := []string{"DB_CONNECTION=mysql", "DB_HOST=db-tls", "DB_DATABASE=app", "DB_USERNAME=app", "DB_PASSWORD=secret", "MYSQL_ATTR_SSL_CA=/tls/ca.pem"}
	check("with TLS", secure, []string{"--volume", tls + ":/tls:ro"})
	out, err := docker("run", "--rm", "--label", label, "--network", network, "--volume", authority(t, "db-tls")+":/tls:ro", "--entrypoint", "mysql", own,
		"--user=app", "--password=secret", "--host=db-tls", "--ssl-ca=/tls/ca.pem", "--execute", "SELECT 1")
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with another authority the client says %q, %v", out, err)
	}
}

// TestDumpWithAnotherName: Laravel looks for a .dump before it looks for a .sql (MigrateCommand, schemaPath).
func TestDumpWithAnotherName(t *testing.T) {
	t.Parallel()
	dir := appTree(t, "squashed")
	schema := filepath.Join(dir, "app/database/schema/mysql-schema")
	if err := os.Rename(schema+".sql", schema+".dump"); err != nil {
		t.Fatal(err)
	}
	tag, _, err := stage(t, dir, "server", "--build-arg", "APP=app")
	if err != nil {
		t.Fatal(err)
	}
	if found := in(t, tag, "command -v mysql || true"); found != "/usr/bin/mysql" {
		t.Errorf("the client is %q", found)
	}
}

// TestAuthorityThroughAProxy: the certificates of RDS_CA_URL come through the proxy of who builds.
func TestAuthorityThroughAProxy(t *testing.T) {
	t.Parallel()
	const bundle = "-----BEGIN CERTIFICATE-----\n"
	proxy := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI != "http://certificates.example.com/bundle.pem" {
			http.Error(w, r.RequestURI, http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, bundle)
	}))
	tag, progress, err := stage(t, tree(t, "docker/testdata/skeleton", "app"), "authorities", "--build-arg", "APP=app", "--build-arg", "https_proxy=http://"+proxy,
		"--build-arg", "RDS_CA_URL=http://certificates.example.com/bundle.pem")
	if err != nil {
		t.Fatalf("%v\n%s", err, progress)
	}
	if got := in(t, tag, "cat /authorities/rds-ca.pem"); got != strings.TrimSpace(bundle) {
		t.Errorf("the bundle is %q", got)
	}
}

// TestPackages: image.packages are in the image, and nothing that was not asked for.
func TestPackages(t *testing.T) {
	t.Parallel()
	dir := tree(t, "docker/testdata/skeleton", "app")
	tag, _, err := stage(t, dir, "server", "--build-arg", "APP=app", "--build-arg", "PACKAGES=jq file")
	if err != nil {
		t.Fatal(err)
	}
	if found := in(t, tag, "for p in jq file mysql; do command -v $p; done; true"); found != "/usr/bin/jq\n/usr/bin/file" {
		t.Errorf("in the image: %q", found)
	}
}
