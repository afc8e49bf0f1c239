<?php

namespace Laravel\Reverb;

use Illuminate\Console\Command;
use Symfony\Component\Console\Command\SignalableCommandInterface;

/**
 * src/Servers/Reverb/Console/Commands/StartServer.php and Factory.php, without the protocol: a loop around stream_select that answers at /up
 * and keeps all other connections open, and takes TERM by closing them. A connection that asks for /stuck blocks the loop, as an application can.
 */
class StartServer extends Command implements SignalableCommandInterface
{
    protected $signature = 'reverb:start {--host=} {--port=} {--hostname=} {--debug}';

    private array $connections = [];

    public function handle(): void
    {
        $server = stream_socket_server("tcp://{$this->option('host')}:{$this->option('port')}");
        $prefix = rtrim('/'.trim((string) env('REVERB_SERVER_PATH'), '/'), '/');
        $this->components->info("Starting server on {$this->option('host')}:{$this->option('port')}");
        while (true) {
            [$read, $write, $except] = [[$server, ...$this->connections], null, null];
            if (! @stream_select($read, $write, $except, 1)) {
                continue;
            }
            foreach ($read as $stream) {
                if ($stream === $server) {
                    $stream = stream_socket_accept($server);
                    $this->connections[] = $stream;
                }
                $line = fgets($stream);
                if ($line === false || str_starts_with($line, 'GET /stuck ')) {
                    $line === false || sleep(3600);
                    $this->close($stream);
                } elseif (preg_match('#^GET (\S+) HTTP#', $line, $found) && ! str_contains($found[1], '/app/')) {
                    fwrite($stream, $found[1] === "$prefix/up" ? "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"health\":\"OK\"}" : "HTTP/1.1 404 Not Found\r\n\r\n");
                    $this->close($stream);
                }
            }
        }
    }

    private function close($stream): void
    {
        fclose($stream);
        $this->connections = array_values(array_filter($this->connections, fn ($other) => $other !== $stream));
    }

    public function getSubscribedSignals(): array
    {
        return [SIGINT, SIGTERM, SIGTSTP];
    }

    public function handleSignal(int $signal, int|false $previousExitCode = 0): int|false
    {
        $this->components->info('Gracefully terminating connections.');
        foreach ($this->connections as $stream) {
            fwrite($stream, "closed\n");
            fclose($stream);
        }

        return $previousExitCode;
    }
}
