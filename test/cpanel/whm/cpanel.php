<?php
/** Stand-in of the LiveAPI class, from its documented methods: uapi(), header(), footer(), end(). Speaks to cpsrvd's stand-in. */

declare(strict_types=1);

final class CPANEL
{
    /** @param array<string, string> $arguments */
    public function uapi(string $module, string $function, array $arguments = []): array
    {
        $socket = stream_socket_client('unix://' . getenv('STANDIN_SOCKETS') . '/uapi');
        fwrite($socket, json_encode(['module' => $module, 'function' => $function, 'arguments' => (object) $arguments]) . "\n");
        return json_decode((string) stream_get_contents($socket), true);
    }

    public function header(string $title = '', string $key = ''): string
    {
        return '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>cPanel: ' . $title . '</title></head>'
            . '<body style="margin:0"><header id="cpanel">cPanel ' . $title . '</header><main>';
    }

    public function footer(): string
    {
        return '</main><footer>cPanel</footer></body></html>';
    }

    public function end(): void
    {
    }
}
