package state

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestHistory(t *testing.T) {
	s := Service{Cluster: "shop", Service: "web", Desired: 2}
	s.Begin(Deployment{ID: "ecs-svc/1", TaskDefinition: "web:1"})
	s.MakePrimary("ecs-svc/1", Completed, "completed")
	s.Begin(Deployment{ID: "ecs-svc/2", TaskDefinition: "web:2"})
	s.Fail("tasks failed to start")
	s.RollBack("ecs-svc/1", "tasks failed to start")
	if s.TaskDefinition != "web:1" || s.RolloutState != InProgress {
		t.Errorf("while rolling back: %s is %s", s.TaskDefinition, s.RolloutState)
	}
	s.MakePrimary("ecs-svc/1", Completed, "completed")
	s.RolledBack("ecs-svc/2", nil)
	first, second := s.Deployment("ecs-svc/1"), s.Deployment("ecs-svc/2")
	if first.Served.IsZero() || second.Before != "ecs-svc/1" || !second.Served.IsZero() || second.Finished.IsZero() {
		t.Errorf("deployments: %+v, %+v", first, second)
	}
	if r := second.Rollback; r == nil || r.To != "ecs-svc/1" || r.Finished.IsZero() || r.Failed {
		t.Errorf("rollback: %+v", r)
	}
	s.Begin(Deployment{ID: "ecs-svc/3", TaskDefinition: "web:3"})
	s.Begin(Deployment{ID: "ecs-svc/4", TaskDefinition: "web:4"})
	if third := s.Deployment("ecs-svc/3"); !third.Stopped || third.Finished.IsZero() {
		t.Errorf("a deployment that gave way: %+v", third)
	}
	if last := s.LastCompleted(); last == nil || last.ID != "ecs-svc/1" {
		t.Errorf("a rollback goes to %+v", last)
	}
	s.Fail("once more")
	s.RollBack("ecs-svc/1", "once more")
	s.RolledBack("ecs-svc/4", errors.New("no room"))
	if r := s.Deployment("ecs-svc/4").Rollback; !r.Failed {
		t.Errorf("a rollback that failed: %+v", r)
	}
}

// TestWhatIsKept: the deployment to go back to stays, however many failed since.
func TestWhatIsKept(t *testing.T) {
	s := Service{}
	s.Begin(Deployment{ID: "good"})
	s.MakePrimary("good", Completed, "completed")
	for i := range 2 * keptDeployments {
		s.Begin(Deployment{ID: fmt.Sprint(i)})
		s.Fail("no")
		s.Note(StoppedTask{ID: fmt.Sprint(i)})
	}
	if s.LastCompleted() == nil || len(s.Deployments) != keptDeployments+1 || len(s.Stopped) != keptStopped || len(s.Events) != keptEvents {
		t.Errorf("%d deployments, %d tasks, %d events; %v", len(s.Deployments), len(s.Stopped), len(s.Events), s.LastCompleted())
	}
}

func TestStore(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "folder": t.TempDir()} {
		store := OpenStore(dir)
		if s, err := store.Load("shop", "web"); err != nil || s.Primary != "" {
			t.Errorf("%s: a new service is %+v, %v", name, s, err)
		}
		s := Service{Cluster: "shop", Service: "web"}
		s.Begin(Deployment{ID: "ecs-svc/1", TaskDefinition: "web:1"})
		if err := store.Save(s); err != nil {
			t.Fatal(err)
		}
		if loaded, err := store.Load("shop", "web"); err != nil || loaded.Primary != "ecs-svc/1" || len(loaded.Events) != len(s.Events) {
			t.Errorf("%s: loaded %+v, %v", name, loaded, err)
		}
		before := time.Now()
		for range 2 {
			if err := store.Register("arn:web:1"); err != nil {
				t.Fatal(err)
			}
		}
		if all, err := store.Revisions(); err != nil || len(all) != 1 || all["arn:web:1"].Before(before) {
			t.Errorf("%s: registered %v, %v", name, all, err)
		}
		if err := store.Remove("shop", "web"); err != nil {
			t.Fatal(err)
		}
		if s, err := store.Load("shop", "web"); err != nil || s.Primary != "" {
			t.Errorf("%s: a removed service is %+v, %v", name, s, err)
		}
	}
}

// TestBaked: a steady deployment is completed when its bake time is over, once.
func TestBaked(t *testing.T) {
	s := Service{Service: "web"}
	s.Begin(Deployment{ID: "a"})
	s.Deployment("a").Bakes = time.Now().Add(time.Hour)
	if s.Baked() || s.RolloutState != InProgress {
		t.Errorf("it is %s an hour before", s.RolloutState)
	}
	s.Deployment("a").Bakes = time.Now()
	if !s.Baked() || s.RolloutState != Completed || s.Baked() {
		t.Errorf("it is %s when the time is over", s.RolloutState)
	}
	s.Begin(Deployment{ID: "b"})
	s.Deployment("a").Bakes = time.Now()
	s.RollBack("a", "ECS deployment alarms: x")
	if s.Baked() {
		t.Error("a rollback is completed when it is steady, not before")
	}
	s.Begin(Deployment{ID: "c"})
	if s.Baked() {
		t.Error("one without alarms is completed when it is steady, not before")
	}
}
