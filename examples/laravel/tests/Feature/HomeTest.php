<?php

namespace Tests\Feature;

use App\Jobs\LeaveNote;
use Illuminate\Foundation\Testing\RefreshDatabase;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Queue;
use Tests\TestCase;

class HomeTest extends TestCase
{
    use RefreshDatabase;

    public function test_counts_visits_of_a_session_and_of_everybody(): void
    {
        config(['app.release' => 'r1']);
        $this->get('/')->assertOk()->assertSee('<dd id="release">r1</dd>', false)->assertSee('<dd id="session">1</dd>', false);
        $this->get('/')->assertSee('<dd id="session">2</dd>', false)->assertSee('<dd id="visits">2</dd>', false);
        $this->flushSession();
        $this->get('/')->assertSee('<dd id="session">1</dd>', false)->assertSee('<dd id="visits">3</dd>', false);
    }

    public function test_dispatches_a_job(): void
    {
        Queue::fake();

        $this->post('/jobs', ['seconds' => 2])->assertRedirect('/');
        Queue::assertPushed(LeaveNote::class, 1);
    }

    public function test_refuses_a_job_of_an_hour(): void
    {
        Queue::fake();

        $this->post('/jobs', ['seconds' => 3600])->assertSessionHasErrors('seconds');
        Queue::assertNothingPushed();
    }

    public function test_shows_what_a_job_left(): void
    {
        LeaveNote::dispatch(0, 'a-test');

        $this->assertSame(1, DB::table('notes')->count());
        $this->get('/')->assertSee('Asked for by a-test');
    }

    public function test_the_schedule_leaves_a_heartbeat(): void
    {
        $this->artisan('heartbeat:record')->assertSuccessful();

        $this->get('/')->assertDontSee('not yet');
    }
}
