/*
 * The sink: takes mail as fast as it comes and counts it exactly.
 *
 * A recipient `r0000000123@…` carries a serial; the sink marks it in a bitmap when the content has been answered with 250, so
 * `distinct` tells lost messages from repeated ones. Commands out of order are refused and counted, so that a relay which
 * does not speak as it should does not pass for a fast one. With --delay-ms the final reply waits; what a client sends
 * meanwhile waits too, in order.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_BYTES 1024
#define REPLY_BYTES 16384
#define READ_BYTES (256 << 10)
#define RECIPIENTS_MAX 1000
#define NO_SERIAL UINT32_MAX

enum stage { STAGE_IDLE, STAGE_MAIL, STAGE_RCPT, STAGE_CONTENT };

struct connection {
	int fd;
	uint32_t watched;
	enum stage stage;
	int is_closing;
	char line[LINE_BYTES];
	size_t line_length;
	char reply[REPLY_BYTES];
	size_t reply_length;
	int matched;
	uint64_t content_bytes;
	uint32_t recipients[RECIPIENTS_MAX];
	int recipient_count;
	/* While the final reply waits: when it is due, what came meanwhile, and who waits next. */
	uint64_t due_ns;
	char *held;
	size_t held_length;
	struct connection *next_waiting;
};

static volatile struct counts *counts;
static uint8_t *seen;
static uint64_t delay_ns;
static int epoll;
static struct connection *first_waiting, *last_waiting;

/* Asks for what is of use now: more to read unless an answer waits, room to write while there is something to say. */
static void watch(struct connection *connection)
{
	struct epoll_event event = {.data.ptr = connection};
	event.events = (connection->due_ns == 0 ? EPOLLIN : 0u) | (connection->reply_length > 0 ? EPOLLOUT : 0u);
	if (event.events == connection->watched)
		return;
	connection->watched = event.events;
	epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

static void say(struct connection *connection, const char *text)
{
	size_t length = strlen(text);
	if (connection->reply_length + length > REPLY_BYTES) {
		counts->wrong++; /* a client that never reads */
		connection->is_closing = 1;
		return;
	}
	memcpy(connection->reply + connection->reply_length, text, length);
	connection->reply_length += length;
}

static void refuse(struct connection *connection, const char *text)
{
	counts->refused++;
	say(connection, text);
}

static void wrong(struct connection *connection, const char *text)
{
	counts->wrong++;
	say(connection, text);
}

static uint32_t serial_of(const char *line)
{
	const char *at = strchr(line, '<');
	if (at == NULL || at[1] != 'r')
		return NO_SERIAL;
	char *end;
	unsigned long serial = strtoul(at + 2, &end, 10);
	return *end == '@' && serial < SERIALS_MAX ? (uint32_t)serial : NO_SERIAL;
}

static void take_recipient(struct connection *connection)
{
	if (connection->stage != STAGE_MAIL && connection->stage != STAGE_RCPT)
		return wrong(connection, "503 5.5.1 MAIL first\r\n");
	if (counts->mode == MODE_REFUSE_RCPT)
		return refuse(connection, "451 4.3.0 Later\r\n");
	if (connection->recipient_count == RECIPIENTS_MAX)
		return wrong(connection, "452 4.5.3 Too many\r\n");
	connection->recipients[connection->recipient_count++] = serial_of(connection->line);
	connection->stage = STAGE_RCPT;
	say(connection, "250 2.1.5 Ok\r\n");
}

static void take_command(struct connection *connection)
{
	const char *line = connection->line;
	if (strncasecmp(line, "EHLO", 4) == 0) {
		connection->stage = STAGE_IDLE;
		say(connection, "250-sink.test\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n"
				"250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n");
	} else if (strncasecmp(line, "HELO", 4) == 0) {
		connection->stage = STAGE_IDLE;
		say(connection, "250 sink.test\r\n");
	} else if (strncasecmp(line, "MAIL", 4) == 0) {
		if (connection->stage != STAGE_IDLE)
			return wrong(connection, "503 5.5.1 Nested MAIL\r\n");
		connection->stage = STAGE_MAIL;
		connection->recipient_count = 0;
		say(connection, "250 2.1.0 Ok\r\n");
	} else if (strncasecmp(line, "RCPT", 4) == 0) {
		take_recipient(connection);
	} else if (strncasecmp(line, "DATA", 4) == 0) {
		if (connection->stage != STAGE_RCPT) {
			if (counts->mode != MODE_REFUSE_RCPT) /* pipelined behind refused recipients it is right */
				return wrong(connection, "503 5.5.1 RCPT first\r\n");
			connection->stage = STAGE_IDLE;
			return say(connection, "554 5.5.1 No recipients\r\n");
		}
		connection->stage = STAGE_CONTENT;
		connection->matched = START_OF_CONTENT;
		connection->content_bytes = 0;
		say(connection, "354 Go\r\n");
	} else if (strncasecmp(line, "RSET", 4) == 0) {
		connection->stage = STAGE_IDLE;
		say(connection, "250 2.0.0 Ok\r\n");
	} else if (strncasecmp(line, "NOOP", 4) == 0) {
		say(connection, "250 2.0.0 Ok\r\n");
	} else if (strncasecmp(line, "QUIT", 4) == 0) {
		say(connection, "221 2.0.0 Bye\r\n");
		connection->is_closing = 1;
	} else {
		wrong(connection, "502 5.5.2 Unknown\r\n");
	}
}

static void count_content(struct connection *connection)
{
	uint64_t time = now_ns();
	for (int at = 0; at < connection->recipient_count; at++) {
		uint32_t serial = connection->recipients[at];
		if (serial == NO_SERIAL || (seen[serial >> 3] & (1u << (serial & 7))) != 0)
			continue;
		seen[serial >> 3] |= (uint8_t)(1u << (serial & 7));
		counts->distinct++;
	}
	counts->recipients += (uint64_t)connection->recipient_count;
	counts->content_bytes += connection->content_bytes;
	if (counts->first_ns == 0)
		counts->first_ns = time;
	counts->last_ns = time;
	counts->messages++; /* last, so that a reader who sees it sees the others */
}

static void answer_content(struct connection *connection)
{
	if (counts->mode == MODE_REFUSE_CONTENT)
		return refuse(connection, "451 4.3.0 Later\r\n");
	count_content(connection);
	say(connection, "250 2.0.0 Ok\r\n");
}

static void wait_with_answer(struct connection *connection, const char *rest, size_t length)
{
	connection->due_ns = now_ns() + delay_ns;
	connection->next_waiting = NULL;
	if (last_waiting == NULL)
		first_waiting = connection;
	else
		last_waiting->next_waiting = connection;
	last_waiting = connection;
	if (length == 0)
		return;
	connection->held = malloc(length);
	memcpy(connection->held, rest, length);
	connection->held_length = length;
}

/* One line, perhaps in pieces. Returns the bytes used; `*is_whole` tells whether the line has ended. */
static size_t take_line(struct connection *connection, const char *bytes, size_t length, int *is_whole)
{
	const char *newline = memchr(bytes, '\n', length);
	size_t used = newline == NULL ? length : (size_t)(newline - bytes) + 1;
	if (connection->line_length + used >= LINE_BYTES) {
		counts->wrong++;
		connection->is_closing = 1;
	} else {
		memcpy(connection->line + connection->line_length, bytes, used);
		connection->line_length += used;
	}
	*is_whole = newline != NULL;
	return used;
}

static void take(struct connection *connection, const char *bytes, size_t length)
{
	size_t at = 0;
	while (at < length && !connection->is_closing) {
		if (connection->stage == STAGE_CONTENT) {
			long end = find_end(&connection->matched, bytes + at, length - at);
			if (end < 0) {
				connection->content_bytes += length - at;
				return;
			}
			at += (size_t)end;
			connection->content_bytes += (uint64_t)end;
			connection->content_bytes -= 3; /* the dot line, which may have begun in earlier reads */
			connection->stage = STAGE_IDLE;
			if (delay_ns > 0)
				return wait_with_answer(connection, bytes + at, length - at);
			answer_content(connection);
		} else {
			int is_whole;
			at += take_line(connection, bytes + at, length - at, &is_whole);
			if (!is_whole)
				return;
			connection->line[connection->line_length] = '\0';
			connection->line_length = 0;
			take_command(connection);
		}
	}
}

static void end_connection(struct connection *connection)
{
	/* One that waits is ended when its turn comes, so that the list needs no search. */
	connection->is_closing = 1;
	if (connection->due_ns != 0) {
		epoll_ctl(epoll, EPOLL_CTL_DEL, connection->fd, NULL);
		return;
	}
	close(connection->fd);
	free(connection->held);
	free(connection);
}

/* Writes what there is to say; ends a connection that has said its last. */
static void flush(struct connection *connection)
{
	size_t had = connection->reply_length;
	if (had > 0) {
		ssize_t sent = write(connection->fd, connection->reply, had);
		if (sent < 0 && errno != EAGAIN)
			return end_connection(connection);
		if (sent > 0) {
			connection->reply_length = had - (size_t)sent;
			memmove(connection->reply, connection->reply + sent, connection->reply_length);
		}
	}
	if (connection->is_closing && connection->due_ns == 0)
		return end_connection(connection);
	watch(connection);
}

static void accept_all(int listener)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		int one = 1;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		struct connection *connection = calloc(1, sizeof *connection);
		connection->fd = fd;
		connection->watched = EPOLLIN;
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
		counts->connections++;
		if (counts->mode == MODE_REFUSE_GREETING) {
			refuse(connection, "421 4.3.2 Not now\r\n");
			connection->is_closing = 1;
		} else {
			say(connection, "220 sink.test ESMTP\r\n");
		}
		flush(connection);
	}
}

static void answer_due(void)
{
	while (first_waiting != NULL && first_waiting->due_ns <= now_ns()) {
		struct connection *connection = first_waiting;
		first_waiting = connection->next_waiting;
		if (first_waiting == NULL)
			last_waiting = NULL;
		connection->due_ns = 0;
		if (connection->is_closing) {
			end_connection(connection);
			continue;
		}
		answer_content(connection);
		char *held = connection->held;
		size_t length = connection->held_length;
		connection->held = NULL;
		connection->held_length = 0;
		take(connection, held, length);
		free(held);
		flush(connection);
	}
}

static void read_from(struct connection *connection)
{
	static char bytes[READ_BYTES];
	if (connection->due_ns != 0) /* not read now: only its loss is told */
		return end_connection(connection);
	ssize_t length = read(connection->fd, bytes, sizeof bytes);
	if (length < 0 && errno == EAGAIN)
		return;
	if (length <= 0)
		return end_connection(connection);
	take(connection, bytes, (size_t)length);
	flush(connection);
}

static int listen_at(const struct options *options)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options->port)};
	if (inet_pton(AF_INET, options->address, &name.sin_addr) != 1)
		fail("address");
	if (bind(listener, (void *)&name, sizeof name) != 0 || listen(listener, 4096) != 0)
		fail("listen");
	socklen_t length = sizeof name;
	getsockname(listener, (void *)&name, &length);
	printf("{\"port\":%d}\n", ntohs(name.sin_port));
	fflush(stdout);
	return listener;
}

int run_sink(const struct options *options)
{
	int file = open(options->counts_file, O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0 || ftruncate(file, sizeof *counts) != 0)
		fail(options->counts_file);
	counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	seen = mmap(NULL, SERIALS_MAX / 8 + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED || seen == MAP_FAILED)
		fail("mmap");
	delay_ns = (uint64_t)options->delay_ms * 1000000u;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	int listener = listen_at(options);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS_AT_ONCE];
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	uint64_t end_ns = now_ns() + (uint64_t)options->seconds_max * 1000000000u;
	while (now_ns() < end_ns) {
		int count = epoll_wait(epoll, events, EVENTS_AT_ONCE, first_waiting != NULL ? 1 : 1000);
		for (int at = 0; at < count; at++) {
			struct connection *connection = events[at].data.ptr;
			if (connection == NULL)
				accept_all(listener);
			else if ((events[at].events & EPOLLOUT) != 0)
				flush(connection); /* may end it; what else there is comes with the next round */
			else
				read_from(connection);
		}
		answer_due();
	}
	return 0;
}
