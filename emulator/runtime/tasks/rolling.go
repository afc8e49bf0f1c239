package tasks

// How ECS rolls a deployment out, as arithmetic: no containers here.

// bounds are the fewest healthy and the most tasks at any time: the minimum rounds up, the maximum down.
func bounds(desired, minimumPercent, maximumPercent int) (floor, ceiling int) {
	return (desired*minimumPercent + 99) / 100, desired * maximumPercent / 100
}

// failureThreshold is how many failed tasks make the circuit breaker give a deployment up: half of the desired count,
// but three at least and 200 at most.
func failureThreshold(desired int) int { return min(max((desired+1)/2, 3), 200) }

// member is what planning needs to know of a task.
type member struct {
	current   bool // of the deployment that is rolled out
	healthy   bool // counts towards the minimum
	unhealthy bool // was healthy once and is not any more: it stays until there is a replacement, or no room for one
	stopping  bool // on its way out; it still takes up room
}

// plan says how many new tasks to start and which tasks to stop now.
func plan(members []member, desired, floor, ceiling int) (start int, stop []int) {
	var current, healthy int
	for _, m := range members {
		if m.healthy && !m.stopping {
			healthy++
		}
		if m.current && !m.stopping && !m.unhealthy {
			current++
		}
	}
	start = max(0, min(desired-current, ceiling-len(members)))
	leaving := make([]bool, len(members))
	retire := func(i int) {
		stop, leaving[i] = append(stop, i), true
		if members[i].healthy {
			healthy--
		}
	}
	replaced := healthy >= desired || start == 0 && current < desired
	for i, m := range members {
		if !m.stopping && (m.unhealthy && replaced || !m.current && !m.healthy && !m.unhealthy) {
			retire(i) // it holds nothing up
		}
	}
	for i, m := range members {
		if !m.stopping && !m.current && m.healthy && healthy > floor {
			retire(i)
		}
	}
	// Fewer are desired: those that are not healthy yet go first, then the youngest.
	for _, healthyOnes := range []bool{false, true} {
		for i := len(members) - 1; i >= 0 && current > desired; i-- {
			m := members[i]
			if m.current && !m.stopping && !m.unhealthy && m.healthy == healthyOnes && !leaving[i] && (!m.healthy || healthy > floor) {
				retire(i)
				current--
			}
		}
	}
	return start, stop
}

// steady says whether nothing is left to do: exactly the desired tasks, all of them current and healthy.
func steady(members []member, desired int) bool {
	for _, m := range members {
		if !m.current || !m.healthy || m.stopping {
			return false
		}
	}
	return len(members) == desired
}
