// Command app is the small application of the container tests. Its first argument is the role, and the environment
// variable MODE spoils it: exit, 500 (of health checks), errors (of everything else), hang, migrate (the migration fails), memory, crash (the
// worker dies after a second).
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	mode := os.Getenv("MODE")
	role := strings.Join(os.Args[1:], " ")
	fmt.Println("role", role, "release", os.Getenv("APP_RELEASE"))
	switch {
	case role == "migrate" && mode == "migrate":
		fmt.Println("migration failed: column exists")
		os.Exit(3)
	case role == "migrate":
		return
	case role == "healthcheck":
		answer, err := http.Get("http://127.0.0.1:8080/up")
		if err != nil || answer.StatusCode != http.StatusOK {
			os.Exit(1)
		}
		return
	case role == "alive":
		return
	case mode == "exit":
		fmt.Println("cannot start: no key")
		os.Exit(1)
	case mode == "memory":
		var hog [][]byte
		for {
			page := make([]byte, 1<<20)
			for i := range page {
				page[i] = 1
			}
			hog = append(hog, page)
		}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	if role == "worker" {
		if mode == "crash" {
			time.Sleep(time.Second)
			fmt.Println("worker crashed")
			os.Exit(1)
		}
		<-stop
		fmt.Println("worker stopped gently")
		return
	}
	serve(mode)
	<-stop
	fmt.Println("web stopped gently")
}

func serve(mode string) {
	host, _ := os.Hostname()
	http.HandleFunc("/up", func(w http.ResponseWriter, _ *http.Request) {
		switch mode {
		case "500":
			w.WriteHeader(http.StatusInternalServerError)
		case "hang":
			select {}
		}
	})
	http.HandleFunc("/die", func(http.ResponseWriter, *http.Request) {
		fmt.Println("killed")
		os.Exit(1)
	})
	http.HandleFunc("/fail", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	http.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(2 * time.Second)
		fmt.Fprintln(w, "slow")
	})
	http.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "Host:", r.Host)
		_ = r.Header.Write(w)
	})
	http.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) {
		_, err := os.Create("/written")
		tmp := os.WriteFile("/tmp/written", nil, 0o600)
		fmt.Fprintf(w, "secret=%s root=%v tmp=%v uid=%d\n", os.Getenv(r.URL.Query().Get("name")), err, tmp, os.Getuid())
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		if mode == "errors" { // and is healthy
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprintln(w, os.Getenv("APP_RELEASE"), host)
	})
	go func() {
		if err := http.ListenAndServe(":8080", nil); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}()
}
