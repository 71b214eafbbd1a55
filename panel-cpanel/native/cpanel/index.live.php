<?php
/**
 * Sluice inside cPanel: Jupiter's header and footer around one frame of this same script; with `p` in the query, the page itself.
 *
 * Runs as the cPanel user and decides nothing: what was asked for goes to the UAPI module `Sluice`, from there to the Admin module,
 * which runs as root and asks cPanel who the caller is. Headers, query and body travel in base64.
 */

declare(strict_types=1);

require_once '/usr/local/cpanel/php/cpanel.php';

const BODY_BYTES_MAX = 65536;
const PASSED = [
    'Accept', 'Content-Type', 'If-None-Match', 'Sec-Fetch-Site',
    'Hx-Request', 'Hx-History-Restore-Request',
];

function given(string $name): string
{
    $value = $_SERVER[$name] ?? getenv($name);
    return is_string($value) ? $value : '';
}

/** What forms are bound to: a hash of the security token in the address, else of the session's cookie; empty: there is no session. */
function session_token(): string
{
    foreach ([given('cp_security_token'), given('REQUEST_URI')] as $text) {
        if (preg_match('~\A/?(cpsess[0-9]+)(?:/|\z)~', $text, $found) === 1) {
            return hash('sha256', "token $found[1]");
        }
    }
    if (preg_match('~(?:\A|;\s*)cpsession=([^;\s]{8,512})~', given('HTTP_COOKIE'), $found) === 1) {
        return hash('sha256', "session $found[1]");
    }
    return '';
}

function passed_headers(): string
{
    $lines = [];
    foreach (PASSED as $name) {
        $key = strtoupper(strtr($name, '-', '_'));
        $value = given($name === 'Content-Type' ? $key : "HTTP_$key");
        if ($value !== '' && preg_match('~[\x00-\x1f\x7f]~', $value) !== 1) {
            $lines[] = "$name: $value";
        }
    }
    return implode("\n", $lines);
}

/** Where the frame begins: a path of ours, else the first page. */
function first_path(string $query): string
{
    $to = preg_match('~(?:\A|&)to=([^&]*)~', $query, $found) === 1 ? rawurldecode(strtr($found[1], '+', ' ')) : '/';
    $to = str_replace(' ', '%20', $to);
    return preg_match('~\A/(?![/\\\\])[A-Za-z0-9_./\~:@+%?=&;!\'()*,-]{0,500}\z~', $to) === 1 ? $to : '/';
}

/** The folder with the files of the pages beside this script; its name says what is in it. The youngest, should there be two. */
function files_folder(): string
{
    $found = [];
    foreach (glob(__DIR__ . '/assets-*', GLOB_ONLYDIR) ?: [] as $folder) {
        if (preg_match('~\Aassets-[0-9a-f]{8,64}\z~', basename($folder)) === 1) {
            $found[basename($folder)] = (int) filemtime($folder);
        }
    }
    arsort($found);
    return (string) array_key_first($found);
}

/** @param array{status: int, headers: list<string>, body: string} $answer */
function send_answer(array $answer): void
{
    http_response_code($answer['status']);
    header_remove('X-Powered-By');
    foreach ($answer['headers'] as $line) {
        header($line, true, $answer['status']);
    }
    echo $answer['body'];
}

/** @return array{status: int, headers: list<string>, body: string} */
function failure(int $status, string $text): array
{
    return [
        'status' => $status,
        'headers' => ['Content-Type: text/plain; charset=utf-8', 'Cache-Control: no-store', 'X-Content-Type-Options: nosniff'],
        'body' => "$text\n",
    ];
}

/** @return array{status: int, headers: list<string>, body: string} */
function page_of(CPANEL $cpanel, string $query): array
{
    $body = (string) file_get_contents('php://input', false, null, 0, BODY_BYTES_MAX + 1);
    if (strlen($body) > BODY_BYTES_MAX) {
        return failure(413, 'The form is larger than any of ours. Nothing was done.');
    }
    $answered = $cpanel->uapi('Sluice', 'request', [
        'method' => given('REQUEST_METHOD'),
        'query' => base64_encode($query),
        'headers' => base64_encode(passed_headers()),
        'body' => base64_encode($body),
        'token' => session_token(),
    ]);
    $result = $answered['cpanelresult']['result'] ?? $answered['result'] ?? $answered;
    $data = $result['data'] ?? null;
    if (!is_array($data) || !isset($data['status'], $data['headers'], $data['body'])) {
        return failure(403, 'Outgoing mail cannot be shown for this account. Mail goes on.');
    }
    return [
        'status' => (int) $data['status'],
        'headers' => array_values(array_filter(explode("\n", (string) base64_decode($data['headers'], true)))),
        'body' => (string) base64_decode($data['body'], true),
    ];
}

$query = given('QUERY_STRING');
$cpanel = new CPANEL();
if (preg_match('~(?:\A|&)p=~', $query) === 1) {
    $answer = page_of($cpanel, $query);
    $cpanel->end();
    send_answer($answer);
} else {
    echo $cpanel->header('Outgoing mail', 'sluice');
    echo '<iframe data-sluice src="?p=', htmlspecialchars(first_path($query), ENT_QUOTES), '" title="Outgoing mail" ',
        'style="display:block;width:100%;height:calc(100vh - 140px);min-height:480px;border:0"></iframe>', "\n";
    $files = files_folder();
    if ($files !== '') {
        echo '<script src="', $files, '/frame.js" defer></script>', "\n";
    }
    echo $cpanel->footer();
    $cpanel->end();
}
