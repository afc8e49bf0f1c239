// Command server runs in the container that stands for S3 and SQS.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/objects"
)

const (
	config = "/etc/s3/config.json"
	data   = "/var/lib/s3/objects"
	jobs   = "/var/lib/s3/jobs"
	// every is the resolution of the emulator's metrics.
	every = 5 * time.Second
)

// main serves or, with a path, prints what the server in this container answers to it.
func main() {
	if len(os.Args) > 1 {
		answer, err := http.Get("http://127.0.0.1" + os.Args[1]) //nolint:noctx // a command of one request
		if err != nil {
			log.Fatal(err)
		}
		defer answer.Body.Close()
		if _, err := io.Copy(os.Stdout, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
			log.Fatalln(answer.Status, err) //nolint:gocritic // the process ends
		}
		return
	}
	server, err := objects.New(config, data, jobs)
	if err != nil {
		log.Fatal(err)
	}
	go server.Measure(every)
	log.Fatal((&http.Server{Addr: ":80", Handler: server, ReadHeaderTimeout: 20 * time.Second}).ListenAndServe())
}
