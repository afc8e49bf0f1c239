<!doctype html>
<title>{{ config('app.name') }}</title>
<p>Laravel <b id="version">{{ $version }}</b>, visit <b id="session">{{ $visits }}</b></p>
