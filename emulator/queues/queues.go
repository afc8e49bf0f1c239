// Package queues is the emulated SQS: standard queues whose jobs stay in a file, with what Illuminate\Queue\SqsQueue and Jobs\SqsJob of Laravel
// call, over the JSON protocol that AWS's SDKs speak
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-faqs.html). goaws keeps its queues in memory, in variables
// of its package (github.com/Admiral-Piett/goaws, app/models/globals.go): they would not outlive a new container.
package queues

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// Queue is what the account knows of a queue.
type Queue struct {
	ARN                          string
	Visibility, Wait, Delay      int // seconds
	Retention, MaxBytes          int
	DeadLetters                  string // the name of the queue for jobs that were received MaxReceives times
	MaxReceives                  int
	messages                     map[string]*message
	visible, notVisible, delayed int
}

type message struct {
	ID, Body, Receipt    string
	Sent, Moved, Visible time.Time
	First                time.Time // received
	Receives             int
}

// Server has the queues.
type Server struct {
	mu      sync.Mutex
	file    *bbolt.DB
	queues  map[string]*Queue
	history map[string][]Sample
}

// Open reads the file with the messages.
func Open(path string) (*Server, error) {
	file, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return &Server{file: file, queues: map[string]*Queue{}, history: map[string][]Sample{}}, nil
}

// Close closes the file.
func (s *Server) Close() error { return s.file.Close() }

// Apply makes the queues those of the account; others go with their messages.
func (s *Server) Apply(known map[string]Queue) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := map[string]*Queue{}
	err := s.file.Update(func(tx *bbolt.Tx) error {
		var gone [][]byte
		if err := tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
			if _, ok := known[string(name)]; !ok {
				gone = append(gone, slices.Clone(name))
			}
			return nil
		}); err != nil {
			return err
		}
		for _, name := range gone {
			if err := tx.DeleteBucket(name); err != nil {
				return err
			}
		}
		for name, q := range known {
			bucket, err := tx.CreateBucketIfNotExists([]byte(name))
			if err != nil {
				return err
			}
			q.messages = map[string]*message{}
			if err := bucket.ForEach(func(id, text []byte) error {
				m := &message{}
				q.messages[string(id)] = m
				return json.Unmarshal(text, m)
			}); err != nil {
				return err
			}
			now[name] = &q
		}
		return nil
	})
	if err == nil {
		s.queues = now
	}
	return err
}

// save writes messages of a queue, and deletes those that it does not have any more.
func (s *Server) save(name string, ids ...string) error {
	return s.file.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(name))
		for _, id := range ids {
			m, kept := s.queues[name].messages[id]
			if !kept {
				if err := bucket.Delete([]byte(id)); err != nil {
					return err
				}
				continue
			}
			text, err := json.Marshal(m)
			if err == nil {
				err = bucket.Put([]byte(id), text)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// sort returns the messages, oldest first, without those whose time is over, and counts them.
func (s *Server) sort(name string, now time.Time) ([]*message, error) {
	q := s.queues[name]
	q.visible, q.notVisible, q.delayed = 0, 0, 0
	var all []*message
	for id, m := range q.messages {
		switch {
		case now.Sub(m.Sent) > time.Duration(q.Retention)*time.Second:
			delete(q.messages, id)
			if err := s.save(name, id); err != nil {
				return nil, err
			}
			continue
		case !m.Visible.After(now):
			q.visible++
		case m.Receives == 0:
			q.delayed++
		default:
			q.notVisible++
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *message) int { return cmp.Or(a.Sent.Compare(b.Sent), strings.Compare(a.ID, b.ID)) })
	return all, nil
}

// take delivers messages that are visible. One that was received as often as the queue allows is moved instead
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html).
func (s *Server) take(name string, n, visibility int) ([]*message, error) {
	q, now := s.queues[name], time.Now()
	all, err := s.sort(name, now)
	var taken []*message
	for _, m := range all {
		if err != nil || len(taken) == n {
			break
		}
		if m.Visible.After(now) {
			continue
		}
		if dead := s.queues[q.DeadLetters]; dead != nil && m.Receives >= q.MaxReceives {
			delete(q.messages, m.ID)
			dead.messages[m.ID] = &message{ID: m.ID, Body: m.Body, Sent: m.Sent, Moved: now}
			if err = s.save(q.DeadLetters, m.ID); err == nil {
				err = s.save(name, m.ID)
			}
			continue
		}
		if m.Receives++; m.Receives == 1 {
			m.First = now
		}
		m.Receipt, m.Visible = m.ID+":"+strconv.Itoa(m.Receives), now.Add(time.Duration(visibility)*time.Second)
		copied := *m
		taken, err = append(taken, &copied), s.save(name, m.ID)
	}
	return taken, err
}

// Sample is what SQS reports of a queue, which has no oldest message while it has none.
type Sample struct {
	At                           time.Time
	Visible, NotVisible, Delayed int
	Age                          *float64
}

const (
	kept = 3 * time.Hour
	// poison is after how many deliveries a message does not count for the age any more. One that moved counts from then on:
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html.
	poison = 3
)

// Measure adds a sample of every queue.
func (s *Server) Measure(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, q := range s.queues {
		all, err := s.sort(name, now)
		if err != nil {
			return err
		}
		sample := Sample{At: now, Visible: q.visible, NotVisible: q.notVisible, Delayed: q.delayed}
		for _, m := range all {
			since := m.Sent
			if !m.Moved.IsZero() {
				since = m.Moved
			}
			if age := now.Sub(since).Seconds(); m.Receives < poison && (sample.Age == nil || *sample.Age < age) {
				sample.Age = &age
			}
		}
		old := slices.DeleteFunc(s.history[name], func(one Sample) bool { return now.Sub(one.At) > kept })
		s.history[name] = append(old, sample)
	}
	return nil
}

// Samples are the last ones of a queue.
func (s *Server) Samples(name string) []Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.history[name])
}
