package runner

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// serveAPI answers AWS's API on a free loopback port until stop is called.
func (h *host) serveAPI() (endpoint string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("serving the AWS API: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with stop
	}()
	return "http://" + listener.Addr().String(), func() { server.Close(); <-done }, nil
}
