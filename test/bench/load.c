/*
 * Load for the benches: a source that sends messages and a sink that takes them, both fast enough not to be what is measured.
 *
 * Loopback only. `load source …` sends a number of messages over some connections, checks every reply code and prints one line
 * of JSON; `load sink …` counts what it takes in a file of 64-bit numbers (load.h) that others read while it runs. Each ends
 * by itself: after its work, after --seconds-max, or with the process that started it. `load check` tests the search for the
 * end of content over every way of cutting it.
 *
 * Not here: SMTP for anything but load; TLS.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

uint64_t now_ns(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(3);
}

static const char end_of_content[] = "\r\n.\r\n";
#define END_BYTES 5

/* One step of Knuth-Morris-Pratt over the five bytes. */
static int step(int matched, char byte)
{
	static const int fallback[END_BYTES] = {0, 0, 0, 0, 1};
	for (;;) {
		if (byte == end_of_content[matched])
			return matched + 1;
		if (matched == 0)
			return 0;
		matched = fallback[matched];
	}
}

long find_end(int *matched, const char *bytes, size_t length)
{
	size_t at = 0;
	/* What began in an earlier read, until it has ended or come to nothing. */
	for (; *matched > 0 && at < length; at++) {
		*matched = step(*matched, bytes[at]);
		if (*matched == END_BYTES)
			return (long)at + 1;
	}
	if (at == length)
		return -1;
	const char *found = memmem(bytes + at, length - at, end_of_content, END_BYTES);
	if (found != NULL)
		return found - bytes + END_BYTES;
	size_t tail = length - at < END_BYTES - 1 ? length - at : END_BYTES - 1;
	for (at = length - tail; at < length; at++)
		*matched = step(*matched, bytes[at]);
	return -1;
}

/* Every text of up to eight of CR, LF, dot and x, cut at every two places, against the plain search in the whole. */
static int check(void)
{
	static const char letters[] = "\r\n.x";
	long texts = 0, wrong = 0;
	for (int length = 1; length <= 8; length++) {
		for (long number = 0; number < 1L << (2 * length); number++) {
			char whole[2 + 8] = "\r\n";
			for (int at = 0; at < length; at++)
				whole[2 + at] = letters[(number >> (2 * at)) & 3];
			const char *plain = memmem(whole, (size_t)length + 2, end_of_content, END_BYTES);
			long expected = plain == NULL ? -1 : plain - whole - 2 + END_BYTES;
			texts++;
			for (int first = 0; first <= length; first++) {
				for (int second = first; second <= length; second++) {
					int cuts[4] = {0, first, second, length}, matched = START_OF_CONTENT;
					long found = -1;
					for (int part = 0; part < 3 && found < 0; part++) {
						long in_part = find_end(&matched, whole + 2 + cuts[part],
									(size_t)(cuts[part + 1] - cuts[part]));
						if (in_part >= 0)
							found = cuts[part] + in_part;
					}
					wrong += found != expected;
				}
			}
		}
	}
	printf("{\"texts\":%ld,\"wrong\":%ld}\n", texts, wrong);
	return wrong == 0 ? 0 : 1;
}

static long number_of(const char *name, const char *text, long min, long max)
{
	char *end;
	long number = strtol(text, &end, 10);
	if (*end == '\0' && end != text && number >= min && number <= max)
		return number;
	fprintf(stderr, "load: %s must be a number from %ld to %ld\n", name, min, max);
	exit(2);
}

static void read_option(struct options *options, const char *name, const char *value)
{
	if (strcmp(name, "--address") == 0)
		options->address = value;
	else if (strcmp(name, "--port") == 0)
		options->port = (int)number_of(name, value, 0, 65535);
	else if (strcmp(name, "--connections") == 0)
		options->connections = (int)number_of(name, value, 1, CONNECTIONS_MAX / 2);
	else if (strcmp(name, "--messages") == 0)
		options->messages = (uint32_t)number_of(name, value, 1, SERIALS_MAX);
	else if (strcmp(name, "--messages-per-connection") == 0)
		options->messages_per_connection = (uint32_t)number_of(name, value, 0, SERIALS_MAX);
	else if (strcmp(name, "--message-bytes") == 0)
		options->message_bytes = (int)number_of(name, value, 1, MESSAGE_BYTES_MAX);
	else if (strcmp(name, "--pipelining") == 0)
		options->pipelining = (int)number_of(name, value, 0, 1);
	else if (strcmp(name, "--senders") == 0)
		options->senders = (int)number_of(name, value, 1, 9999);
	else if (strcmp(name, "--domains") == 0)
		options->domains = (int)number_of(name, value, 1, 9999);
	else if (strcmp(name, "--domain-suffix") == 0)
		options->domain_suffix = value;
	else if (strcmp(name, "--first-serial") == 0)
		options->first_serial = (uint32_t)number_of(name, value, 0, SERIALS_MAX - 1);
	else if (strcmp(name, "--wiring-secret") == 0)
		options->wiring_secret = value;
	else if (strcmp(name, "--counts") == 0)
		options->counts_file = value;
	else if (strcmp(name, "--delay-ms") == 0)
		options->delay_ms = (int)number_of(name, value, 0, 60000);
	else if (strcmp(name, "--seconds-max") == 0)
		options->seconds_max = (int)number_of(name, value, 1, 86400);
	else {
		fprintf(stderr, "load: unknown option %s\n", name);
		exit(2);
	}
}

int main(int count, char **words)
{
	struct options options = {
		.address = "127.0.0.1",
		.connections = 1,
		.messages = 1,
		.message_bytes = 2000,
		.pipelining = 1,
		.senders = 1,
		.domains = 1,
		.domain_suffix = "example.test",
		.seconds_max = 60,
	};
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	for (int at = 2; at + 1 < count; at += 2)
		read_option(&options, words[at], words[at + 1]);
	if (count >= 2 && count % 2 == 0) {
		if (strcmp(words[1], "source") == 0)
			return run_source(&options);
		if (strcmp(words[1], "sink") == 0 && options.counts_file != NULL)
			return run_sink(&options);
		if (strcmp(words[1], "check") == 0)
			return check();
	}
	fprintf(stderr, "usage: load source|sink|check --option value … (sink needs --counts FILE)\n");
	return 2;
}
