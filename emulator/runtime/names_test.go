package runtime

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

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
		if got, fromECR := localName(image, "123456789012", "eu-central-1", "127.0.0.1:5000"); got != want || fromECR != (got != image) {
			t.Errorf("%s: %s, %v; want %s", image, got, fromECR, want)
		}
	}
}

func TestPortHolder(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() // the test is over
	port := listener.Addr().(*net.TCPAddr).Port
	proc := t.TempDir()
	table := fmt.Sprintf("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"+
		"   0: 0100007F:%04X 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 111 1\n"+
		"   1: 0100007F:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 222 1\n", port, port)
	for path, content := range map[string]string{"net/tcp": table, "41/comm": "client\n", "42/comm": "nginx\n"} {
		if err := os.MkdirAll(filepath.Join(proc, filepath.Dir(path), "fd"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(proc, path), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, socket := range map[string]string{"41/fd/3": "socket:[111]", "42/fd/7": "socket:[222]"} {
		if err := os.Symlink(socket, filepath.Join(proc, link)); err != nil {
			t.Fatal(err)
		}
	}
	if got := portHolder(proc, port); got != "nginx (process 42)" {
		t.Errorf("got %s", got)
	}
	if got := portHolder(proc, port+1); got != "another program" {
		t.Errorf("a free port is held by %s", got)
	}
	r := &Runtime{docker: engine{cli: "/nonexistent/docker"}, ports: map[int]int{80: port}, console: &console{}}
	err = r.checkPort(t.Context(), 80)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("port %d is taken by ", port)) || !strings.Contains(err.Error(), "HTTP_PORT=") {
		t.Errorf("got %v", err)
	}
}

func TestNoDocker(t *testing.T) {
	err := engine{cli: "/nonexistent/docker"}.ping(t.Context())
	if err == nil || !strings.Contains(err.Error(), "install Docker") {
		t.Errorf("no client: %v", err)
	}
	script := filepath.Join(t.TempDir(), "docker")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2; exit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (engine{cli: script}).ping(t.Context()); err == nil || !strings.Contains(err.Error(), "start it (service docker start") {
		t.Errorf("no daemon: %v", err)
	}
}

func TestFreeSubnet(t *testing.T) {
	used := []netip.Prefix{netip.MustParsePrefix("10.219.0.0/23"), netip.MustParsePrefix("10.219.2.128/25"), netip.MustParsePrefix("172.17.0.0/16")}
	if got, ok := freeSubnet(privateRange, used); !ok || got.String() != "10.219.3.0/24" {
		t.Errorf("got %s, %v", got, ok)
	}
	if got, ok := freeSubnet(privateRange, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}); ok {
		t.Errorf("got %s out of a full range", got)
	}
	table := "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\neth0\t0000DB0A\t00000000\t0001\t0\t0\t0\t0000FFFF\n"
	if got := routes(table); len(got) != 1 || got[0].String() != "10.219.0.0/16" {
		t.Errorf("routes %v", got)
	}
}

func TestNextAddress(t *testing.T) {
	subnet := netip.MustParsePrefix("10.219.4.0/24")
	taken := map[netip.Addr]bool{netip.MustParseAddr("10.219.4.2"): true}
	for last, want := range map[string]string{"": "10.219.4.3", "10.219.4.9": "10.219.4.10", "10.219.4.254": "10.219.4.3", "10.0.0.7": "10.219.4.3"} {
		address, _ := netip.ParseAddr(last) // the empty one means none
		if got, ok := nextAddress(subnet, address, taken); !ok || got.String() != want {
			t.Errorf("after %q: %s, want %s", last, got, want)
		}
	}
	for i := 2; i < 255; i++ {
		taken[netip.AddrFrom4([4]byte{10, 219, 4, byte(i)})] = true
	}
	if got, ok := nextAddress(subnet, netip.Addr{}, taken); ok {
		t.Errorf("got %s out of a full subnet", got)
	}
}

func TestCacheParts(t *testing.T) {
	r := &Runtime{account: newFake()}
	parts, err := r.cacheParts(account.Resource{Type: tokenCacheCluster, ID: "c", Outputs: plain(account.Values{
		"engine": "memcached", "numCacheNodes": 2, "port": 11211, "configurationEndpoint": "c.x.cfg.euc1.cache.amazonaws.com:11211",
		"clusterAddress": "c.x.cfg.euc1.cache.amazonaws.com",
		"cacheNodes":     []any{map[string]any{"address": "c.x.0001.euc1.cache.amazonaws.com"}, map[string]any{"address": "c.x.0002.euc1.cache.amazonaws.com"}},
	})})
	if err != nil || len(parts) != 2 {
		t.Fatalf("%v, %v", parts, err)
	}
	if got := fmt.Sprint(parts[1].name, parts[1].aliases); got != "cache-c-2[c.x.cfg.euc1.cache.amazonaws.com c.x.0002.euc1.cache.amazonaws.com]" {
		t.Errorf("second node: %s", got)
	}
	for want, outputs := range map[string]account.Values{
		"transitEncryptionEnabled": {"engine": "valkey", "transitEncryptionEnabled": true},
		"cluster mode":             {"engine": "redis", "numNodeGroups": 2},
		`engine "dragonfly"`:       {"engine": "dragonfly"},
	} {
		if _, err := r.cacheParts(account.Resource{Type: tokenReplication, Outputs: plain(outputs)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

func TestMasterSQL(t *testing.T) {
	got := masterSQL(account.Values{"dbName": "app`x", "username": "o'neil", "password": `p\'w`})
	want := "CREATE DATABASE IF NOT EXISTS `app``x`;\nCREATE USER IF NOT EXISTS 'o''neil'@'%';\nALTER USER 'o''neil'@'%' IDENTIFIED BY 'p\\\\''w';\n" +
		"GRANT " + masterPrivileges + " ON *.* TO 'o''neil'@'%' WITH GRANT OPTION;\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestReadServiceRefuses(t *testing.T) {
	for want, outputs := range map[string]account.Values{
		"FARGATE": {"launchType": "FARGATE"}, "DAEMON": {"schedulingStrategy": "DAEMON"},
		"CODE_DEPLOY": {"deploymentController": map[string]any{"type": "CODE_DEPLOY"}}, "classic": {"loadBalancers": []any{map[string]any{"elbName": "x"}}},
	} {
		if _, err := readService(account.Resource{Outputs: plain(outputs)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}
