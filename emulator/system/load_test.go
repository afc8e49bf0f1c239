package system_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	connections = 50
	pause       = 230 * time.Millisecond // between two requests of a connection: 217 a second in all
	wantedRate  = 200
	slowPath    = "/diagnostics/slow?seconds=3"
)

// load is constant traffic until it is stopped: keep-alive connections that send a request whenever one is due, one slow request at
// all times, and a visitor whose session must go on.
type load struct {
	address string // host:port
	begin   time.Time
	cancel  context.CancelFunc
	group   sync.WaitGroup

	mu  sync.Mutex
	all []request
}

// request is one that was sent. What is late counts from when it was due, so that a stall is not hidden by what it kept from being sent.
type request struct {
	kind           string
	due, sent, end time.Time
	err            error
}

func startLoad(address string) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{address: address, begin: time.Now(), cancel: cancel}
	for i := range connections {
		l.run(func() { l.constant(ctx, i) })
	}
	l.run(func() { l.slow(ctx) })
	l.run(func() { l.visitor(ctx) })
	return l
}

func (l *load) run(client func()) {
	l.group.Add(1)
	go func() {
		defer l.group.Done()
		client()
	}()
}

// paths are what a connection asks for in turn: what a page brings along, the health page, which is 503 in a container that is not
// ready, and a page with a session and a database.
var paths = []string{"/favicon.svg", "/up", "/favicon.svg", "/up", "/favicon.svg", "/", "/favicon.svg", "/up", "/favicon.svg", "/up"}

// behind is how late a connection may be before it gives requests up, which the rate shows then.
const behind = 5 * time.Second

func (l *load) constant(ctx context.Context, i int) {
	line := &line{address: l.address}
	defer line.close()
	due := l.begin.Add(pause * time.Duration(i) / connections)
	for n := i; wait(ctx, time.Until(due)); n++ {
		sent := time.Now()
		_, err := line.get(paths[n%len(paths)])
		l.note(request{kind: "constant", due: due, sent: sent, end: time.Now(), err: err})
		if due = due.Add(pause); time.Since(due) > behind {
			due = time.Now()
		}
	}
}

func (l *load) slow(ctx context.Context) {
	line := &line{address: l.address}
	defer line.close()
	for wait(ctx, 0) {
		sent := time.Now()
		_, err := line.get(slowPath)
		l.note(request{kind: "slow", due: sent, sent: sent, end: time.Now(), err: err})
	}
}

var sessionCounter = regexp.MustCompile(`id="session">\s*(\d+)`)

// visitor comes back with its cookies; the page counts the visits of a session. A visit that got no answer may have been counted or not.
func (l *load) visitor(ctx context.Context) {
	line := &line{address: l.address, cookies: map[string]string{}}
	defer line.close()
	for visit, unanswered := 1, 0; wait(ctx, pause); {
		sent := time.Now()
		page, err := line.get("/")
		switch counted, missing := sessionCount(page); {
		case err != nil:
			unanswered++
		case missing != nil:
			err = fmt.Errorf("visit %d of a session: %w", visit, missing)
			visit++
		case counted < visit || counted > visit+unanswered:
			err = fmt.Errorf("visit %d of a session: the page counts %d", visit, counted)
			visit++
		default:
			visit, unanswered = counted+1, 0
		}
		l.note(request{kind: "visitor", due: sent, sent: sent, end: time.Now(), err: err})
	}
}

// sessionCount reads the counter of a page.
func sessionCount(page string) (int, error) {
	counted := sessionCounter.FindStringSubmatch(page)
	if counted == nil {
		return 0, errors.New("there is no counter")
	}
	return strconv.Atoi(counted[1])
}

func (l *load) note(r request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, r)
}

// wait says whether the load goes on.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
	return ctx.Err() == nil
}

// line is one keep-alive connection. Unlike http.Client it never sends a request again by itself, so no failure stays hidden.
type line struct {
	address string
	cookies map[string]string // nil: none are kept
	conn    net.Conn
	reader  *bufio.Reader
}

func (l *line) close() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}

func (l *line) get(path string) (body string, err error) {
	if l.conn == nil {
		if l.conn, err = net.DialTimeout("tcp", l.address, 5*time.Second); err != nil {
			l.conn = nil
			return "", err
		}
		l.reader = bufio.NewReader(l.conn)
	}
	closes := false
	defer func() {
		if err != nil || closes {
			l.close()
		}
	}()
	if err := l.conn.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
		return "", err
	}
	head := "GET " + path + " HTTP/1.1\r\nHost: " + l.address + "\r\n"
	var cookies []string
	for name, value := range l.cookies {
		cookies = append(cookies, name+"="+value)
	}
	if len(cookies) > 0 {
		head += "Cookie: " + strings.Join(cookies, "; ") + "\r\n"
	}
	if _, err := io.WriteString(l.conn, head+"\r\n"); err != nil {
		return "", err
	}
	response, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		return "", err
	}
	closes = response.Close
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", path, response.Status)
	}
	if l.cookies != nil {
		for _, cookie := range response.Cookies() {
			l.cookies[cookie.Name] = cookie.Value
		}
	}
	return string(text), nil
}
