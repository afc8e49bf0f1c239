package haproxy

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

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
	r := New(&machine.Machine{Docker: machine.Engine{CLI: "/nonexistent/docker"}}, port, 0)
	err = r.CheckPort(t.Context(), 80)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("port %d is taken by ", port)) || !strings.Contains(err.Error(), "HTTP_PORT=") {
		t.Errorf("got %v", err)
	}
}
