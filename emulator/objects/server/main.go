// Command server runs in the container that stands for S3.
package main

import (
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/objects"
)

const (
	config = "/etc/s3/config.json"
	data   = "/var/lib/s3/objects"
	local  = "http://127.0.0.1/-/objects?bucket="
)

// main serves or, with a bucket's name, prints how many objects are in it.
func main() {
	if len(os.Args) > 1 {
		answer, err := http.Get(local + url.QueryEscape(os.Args[1])) //nolint:noctx // a command of one request
		if err != nil {
			log.Fatal(err)
		}
		defer answer.Body.Close()
		if _, err := io.Copy(os.Stdout, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
			log.Fatalln(answer.Status, err) //nolint:gocritic // the process ends
		}
		return
	}
	server, err := objects.New(config, data)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal((&http.Server{Addr: ":80", Handler: server, ReadHeaderTimeout: 20 * time.Second}).ListenAndServe())
}
