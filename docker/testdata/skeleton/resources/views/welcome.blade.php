<!DOCTYPE html>
<html lang="{{ str_replace('_', '-', app()->getLocale()) }}">
<head>
    <meta charset="utf-8">
    <title>Laravel</title>
</head>
<body>
    <p>Laravel v{{ Illuminate\Foundation\Application::VERSION }}, visit <b id="session">{{ $visits }}</b>, from <a id="url" href="{{ url('/') }}">{{ url('/') }}</a></p>
    @include('vendor.pack.note')
    @include('tests.note')
</body>
</html>
