package sessionplugin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// started is the session as AWS's plugin gets it.
func started(t *testing.T, kept any) []string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(kept)
	}))
	t.Cleanup(server.Close)
	return []string{fmt.Sprintf(`{"SessionId":"s-1","StreamUrl":%q,"TokenValue":"t"}`, server.URL), "eu-west-1", "StartSession", "", "{}", "https://ssm"}
}

func TestShell(t *testing.T) {
	client := filepath.Join(t.TempDir(), "docker")
	t.Setenv("DOCKER", client)
	said := filepath.Join(t.TempDir(), "said")
	if err := os.WriteFile(client, []byte("#!/bin/sh\necho \"$@\" > "+said+"\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	code, err := Main(t.Context(), started(t, map[string]any{"container": "abc", "command": []string{"/bin/sh", "-c", "id"}, "user": "root"}), &out)
	if err != nil || code != 3 || !strings.Contains(out.String(), "Starting session with SessionId: s-1") {
		t.Errorf("it ends with %d, %v: %s", code, err, &out)
	}
	if text, _ := os.ReadFile(said); !strings.Contains(string(text), "--user root abc /bin/sh -c id") {
		t.Errorf("docker gets %s", text)
	}
}

func TestForward(t *testing.T) {
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	go func() {
		for {
			conn, err := target.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				text, _ := io.ReadAll(conn)
				fmt.Fprintf(conn, "got %s", text)
			}()
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := Main(ctx, started(t, map[string]any{"address": target.Addr().String(), "host": "db", "port": 3306}), write)
		ended <- err
	}()
	lines := bufio.NewScanner(read)
	var port string
	for port == "" && lines.Scan() {
		if found := regexp.MustCompile(`^Port (\d+) opened for sessionId s-1\.$`).FindStringSubmatch(lines.Text()); found != nil {
			port = found[1]
		}
	}
	go io.Copy(io.Discard, read) //nolint:errcheck // until it ends
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "SELECT 1")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(conn); err != nil || string(text) != "got SELECT 1" {
		t.Errorf("the answer is %q, %v", text, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestNoSession(t *testing.T) {
	for name, args := range map[string][]string{"without arguments": nil, "no JSON": {"--version"}, "nobody there": {`{"StreamUrl":"http://127.0.0.1:1/"}`}} {
		if code, err := Main(t.Context(), args, io.Discard); err == nil || code == 0 {
			t.Errorf("%s: %d, %v", name, code, err)
		}
	}
}
