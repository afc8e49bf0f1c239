<!doctype html>
<html lang="en">
<head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{{ config('app.name') }}</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml">
    @vite(['resources/css/app.css', 'resources/js/app.js'])
</head>
<body>
<main>
    <header>
        <p class="eyebrow">Laravel {{ app()->version() }} on PHP {{ PHP_MAJOR_VERSION }}.{{ PHP_MINOR_VERSION }}</p>
        <h1>{{ config('app.name') }}</h1>
        <p class="lead">Each request may be answered by another container. What belongs to you comes along.</p>
    </header>

    <dl class="facts">
        <div><dt>Release</dt><dd id="release">{{ $release }}</dd></div>
        <div><dt>Container</dt><dd id="container">{{ $container }}</dd></div>
        <div><dt>Your visits in this session</dt><dd id="session">{{ $session }}</dd></div>
        <div><dt>Visits of everybody, from the database</dt><dd id="visits">{{ $visits }}</dd></div>
        <div>
            <dt>Sessions are kept in</dt>
            <dd><span id="store">{{ $store }}</span> <span class="badge {{ $storeAnswers ? 'good' : 'bad' }}">{{ $storeAnswers ? 'answers' : 'does not answer' }}</span></dd>
        </div>
        <div>
            <dt>Last run of the scheduler</dt>
            <dd id="heartbeat">@if ($heartbeat)<time datetime="{{ $heartbeat->created_at }}Z">{{ $heartbeat->created_at }} UTC</time> <small>in {{ $heartbeat->container }}</small>@else not yet @endif</dd>
        </div>
    </dl>

    <section>
        <div class="heading">
            <h2>Queue</h2>
            <form method="post" action="{{ route('jobs') }}">
                @csrf
                <button>Dispatch a job</button>
            </form>
        </div>
        <ul id="notes">
            @forelse ($notes as $note)
                <li>{{ $note->text }} <small><time datetime="{{ $note->created_at }}Z">{{ $note->created_at }} UTC</time> by worker {{ $note->container }}</small></li>
            @empty
                <li class="empty">No job has run yet.</li>
            @endforelse
        </ul>
    </section>
</main>
</body>
</html>
