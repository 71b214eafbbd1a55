/*
 * The source: a number of messages over some connections, each as soon as the one before it has its reply.
 *
 * Every reply code is checked; any other than the expected one counts as an error with its text, and ends that connection. A
 * message whose connection is lost is not sent again: it counts as failed. All messages have the same size to the byte:
 * a header with a serial of its own, sender and recipient domain in turn, and a common filler with some dot-stuffed lines.
 *
 * The clock runs from the first byte sent. Latency is from MAIL to the reply to the final dot.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEADER_BYTES_MAX 2048
#define COMMANDS_BYTES 512
#define LINE_BYTES 2048
#define ERRORS_TOLD 5
#define CONNECTIONS_LOST_MAX 200
#define LINE_LENGTH 76
#define STUFFED_EVERY 40

enum stage {
	STAGE_GREETING,
	STAGE_EHLO,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
	STAGE_CONTENT,
	STAGE_QUIT,
};

static const char *const expected_codes[] = {"220", "250", "250", "250", "354", "250", "221"};
static const char *const stage_names[] = {"greeting", "EHLO", "MAIL", "RCPT", "DATA", "content", "QUIT"};

struct connection {
	int fd;
	enum stage stage;
	uint32_t serial;
	uint32_t sent_messages;
	int is_writing; /* content is not all out yet */
	char line[LINE_BYTES];
	size_t line_length;
	char commands[3][COMMANDS_BYTES];
	char header[HEADER_BYTES_MAX];
	size_t content_sent;
	uint64_t began_ns;
};

static struct {
	const struct options *options;
	int epoll;
	char *filler;
	size_t header_bytes, filler_bytes;
	uint32_t started, accepted, failed, open_connections, lost_connections;
	uint32_t *latencies_us;
	uint64_t first_byte_ns, last_reply_ns, bytes_sent;
	char errors[ERRORS_TOLD][160];
	uint32_t error_count;
} source;

static void note_error(const char *where, const char *what)
{
	if (source.error_count < ERRORS_TOLD) {
		char *text = source.errors[source.error_count];
		snprintf(text, sizeof source.errors[0], "%s: %s", where, what);
		for (; *text != '\0'; text++)
			if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
				*text = ' ';
	}
	source.error_count++;
}

static void encode_base64(char *out, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t length = strlen(text);
	for (size_t at = 0; at < length; at += 3) {
		uint32_t three = (uint32_t)(uint8_t)text[at] << 16;
		if (at + 1 < length)
			three |= (uint32_t)(uint8_t)text[at + 1] << 8;
		if (at + 2 < length)
			three |= (uint32_t)(uint8_t)text[at + 2];
		*out++ = digits[three >> 18];
		*out++ = digits[three >> 12 & 63];
		*out++ = at + 1 < length ? digits[three >> 6 & 63] : '=';
		*out++ = at + 2 < length ? digits[three & 63] : '=';
	}
	*out = '\0';
}

/* Commands and header of the message with this serial. All headers have one length. */
static size_t compose(struct connection *connection, uint32_t serial)
{
	const struct options *options = source.options;
	char sender[64], recipient[128], login[128], wiring[512] = "";
	int sender_number = (int)(serial % (uint32_t)options->senders);
	/* Not in step with the senders, so that every sender writes to every domain. */
	int domain_number = (int)((serial / (uint32_t)options->senders) % (uint32_t)options->domains);
	snprintf(sender, sizeof sender, "user@site%04d.test", sender_number);
	snprintf(recipient, sizeof recipient, "r%010u@d%04d.%s", serial, domain_number, options->domain_suffix);
	if (options->wiring_secret != NULL) {
		encode_base64(login, sender);
		snprintf(wiring, sizeof wiring,
			 "X-Sluice-Sender: v=1; s=%s; id=1rAbcD-%010u-aa; proto=esmtpsa; auth=%s; uid=999; ident=; "
			 "host=192.0.2.7; port=40000; cwd=; anc=\r\n",
			 options->wiring_secret, serial, login);
	}
	snprintf(connection->commands[0], COMMANDS_BYTES, "MAIL FROM:<%s>\r\n", sender);
	snprintf(connection->commands[1], COMMANDS_BYTES, "RCPT TO:<%s>\r\n", recipient);
	snprintf(connection->commands[2], COMMANDS_BYTES, "DATA\r\n");
	int length = snprintf(connection->header, HEADER_BYTES_MAX,
			      "Received: from client.test ([192.0.2.7]:40000 helo=client.test)\r\n"
			      "\tby server.test with esmtpsa (TLS1.3) id 1rAbcD-%010u-aa\r\n"
			      "\tfor %s; Mon, 23 Nov 2026 20:00:00 +0000\r\n"
			      "From: A Person <%s>\r\n"
			      "To: <%s>\r\n"
			      "Subject: Message number %010u of a load\r\n"
			      "Date: Mon, 23 Nov 2026 20:00:00 +0000\r\n"
			      "Message-ID: <%010u.%07d@client.test>\r\n"
			      "MIME-Version: 1.0\r\n"
			      "Content-Type: text/plain; charset=us-ascii\r\n"
			      "%s\r\n",
			      serial, recipient, sender, recipient, serial, serial, (int)getpid() % 10000000, wiring);
	if (length >= HEADER_BYTES_MAX)
		fail("header too long");
	return (size_t)length;
}

/* Lines of letters, some dot-stuffed; ends with CRLF, and never begins with a newline since the first line is as long as needed. */
static void make_filler(void)
{
	struct connection *probe = calloc(1, sizeof *probe);
	source.header_bytes = compose(probe, source.options->first_serial);
	free(probe);
	size_t wanted = (size_t)source.options->message_bytes;
	if (wanted < source.header_bytes + 3) {
		fprintf(stderr, "load: a message has at least %zu bytes\n", source.header_bytes + 3);
		exit(2);
	}
	size_t bytes = wanted - source.header_bytes;
	source.filler_bytes = bytes + 3;
	source.filler = malloc(source.filler_bytes);
	size_t at = 0, line = 0;
	while (at < bytes) {
		size_t left = bytes - at;
		/* What would leave one byte for the last line, which needs two for its newline, goes into this one. */
		size_t length = left <= LINE_LENGTH + 4 ? left - 2 : LINE_LENGTH;
		for (size_t column = 0; column < length; column++)
			source.filler[at + column] = (char)('a' + (line * 7 + column * 11 + column / 5) % 26);
		if (line % STUFFED_EVERY == 1 && length >= 2)
			memcpy(source.filler + at, "..", 2);
		memcpy(source.filler + at + length, "\r\n", 2);
		at += length + 2;
		line++;
	}
	memcpy(source.filler + bytes, ".\r\n", 3);
}

static void send_text(struct connection *connection, const char *text, size_t length)
{
	if (source.first_byte_ns == 0)
		source.first_byte_ns = now_ns();
	/* A few hundred bytes into an empty socket buffer: short writes are an error here. */
	if (write(connection->fd, text, length) != (ssize_t)length)
		note_error("write", strerror(errno));
}

static void watch(struct connection *connection, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = connection};
	epoll_ctl(source.epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

static void send_content(struct connection *connection)
{
	size_t total = source.header_bytes + source.filler_bytes;
	while (connection->content_sent < total) {
		struct iovec parts[2];
		int count = 0;
		size_t sent = connection->content_sent;
		if (sent < source.header_bytes) {
			parts[count++] = (struct iovec){connection->header + sent, source.header_bytes - sent};
			sent = source.header_bytes;
		}
		parts[count++] = (struct iovec){source.filler + (sent - source.header_bytes), total - sent};
		ssize_t written = writev(connection->fd, parts, count);
		if (written < 0) {
			if (errno == EAGAIN && !connection->is_writing) {
				connection->is_writing = 1;
				watch(connection, EPOLLIN | EPOLLOUT);
			}
			return; /* another error comes back with the next read */
		}
		connection->content_sent += (size_t)written;
		source.bytes_sent += (uint64_t)written;
	}
	if (connection->is_writing) {
		connection->is_writing = 0;
		watch(connection, EPOLLIN);
	}
}

static void open_connection(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)source.options->port)};
	inet_pton(AF_INET, source.options->address, &name.sin_addr);
	struct connection *connection = calloc(1, sizeof *connection);
	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(connection->fd, (void *)&name, sizeof name) != 0 && errno != EINPROGRESS) {
		note_error("connect", strerror(errno));
		source.lost_connections++;
		close(connection->fd);
		free(connection);
		return;
	}
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
	epoll_ctl(source.epoll, EPOLL_CTL_ADD, connection->fd, &event);
	source.open_connections++;
}

static void end_connection(struct connection *connection)
{
	close(connection->fd);
	free(connection);
	source.open_connections--;
}

/* The connection is of no use any more. A message under way on it has failed; another connection takes the next one. */
static void give_up(struct connection *connection, const char *why)
{
	int had_message = connection->stage >= STAGE_MAIL && connection->stage <= STAGE_CONTENT;
	if (connection->stage != STAGE_QUIT) {
		note_error(stage_names[connection->stage], why);
		source.lost_connections++;
	}
	source.failed += had_message ? 1u : 0u;
	end_connection(connection);
	if (source.started < source.options->messages && source.lost_connections < CONNECTIONS_LOST_MAX)
		open_connection();
}

static void next_message(struct connection *connection)
{
	const struct options *options = source.options;
	uint32_t max = options->messages_per_connection;
	if (source.started >= options->messages || (max > 0 && connection->sent_messages >= max)) {
		connection->stage = STAGE_QUIT;
		send_text(connection, "QUIT\r\n", 6);
		if (source.started < options->messages)
			open_connection();
		return;
	}
	connection->serial = options->first_serial + source.started++;
	connection->sent_messages++;
	if (compose(connection, connection->serial) != source.header_bytes)
		fail("headers differ in length");
	connection->content_sent = 0;
	connection->stage = STAGE_MAIL;
	connection->began_ns = now_ns();
	if (!options->pipelining)
		return send_text(connection, connection->commands[0], strlen(connection->commands[0]));
	char all[3 * COMMANDS_BYTES];
	int length = snprintf(all, sizeof all, "%s%s%s", connection->commands[0], connection->commands[1],
			      connection->commands[2]);
	send_text(connection, all, (size_t)length);
}

/* A whole reply with the right code has come. */
static void go_on(struct connection *connection)
{
	int pipelining = source.options->pipelining;
	switch (connection->stage) {
	case STAGE_GREETING:
		connection->stage = STAGE_EHLO;
		send_text(connection, "EHLO server.test\r\n", 18);
		break;
	case STAGE_EHLO:
		next_message(connection);
		break;
	case STAGE_MAIL:
	case STAGE_RCPT:
		connection->stage++;
		if (!pipelining) {
			const char *command = connection->commands[connection->stage == STAGE_RCPT ? 1 : 2];
			send_text(connection, command, strlen(command));
		}
		break;
	case STAGE_DATA:
		connection->stage = STAGE_CONTENT;
		send_content(connection);
		break;
	case STAGE_CONTENT:
		source.last_reply_ns = now_ns();
		source.latencies_us[source.accepted++] =
			(uint32_t)((source.last_reply_ns - connection->began_ns) / 1000);
		next_message(connection);
		break;
	case STAGE_QUIT:
		break;
	}
}

/* One line of a reply. Returns 0 when the connection is gone. */
static int take_line(struct connection *connection)
{
	const char *line = connection->line;
	if (strlen(line) < 4 || strncmp(line, expected_codes[connection->stage], 3) != 0) {
		give_up(connection, line);
		return 0;
	}
	if (line[3] == '-')
		return 1;
	if (connection->stage == STAGE_CONTENT && connection->is_writing) {
		give_up(connection, "a reply before the content was sent");
		return 0;
	}
	if (connection->stage == STAGE_QUIT) {
		end_connection(connection);
		return 0;
	}
	go_on(connection);
	return 1;
}

static void read_from(struct connection *connection)
{
	char bytes[16384];
	ssize_t length = read(connection->fd, bytes, sizeof bytes);
	if (length < 0 && errno == EAGAIN)
		return;
	if (length <= 0)
		return give_up(connection, length == 0 ? "connection closed" : strerror(errno));
	for (char *at = bytes, *end = bytes + length; at < end;) {
		char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t used = newline == NULL ? (size_t)(end - at) : (size_t)(newline - at) + 1;
		if (connection->line_length + used >= LINE_BYTES)
			return give_up(connection, "reply line too long");
		memcpy(connection->line + connection->line_length, at, used);
		connection->line_length += used;
		at += used;
		if (newline == NULL)
			return;
		connection->line[connection->line_length] = '\0';
		connection->line_length = 0;
		if (!take_line(connection))
			return;
	}
}

static int by_number(const void *left, const void *right)
{
	uint32_t one = *(const uint32_t *)left, other = *(const uint32_t *)right;
	return (one > other) - (one < other);
}

static uint32_t percentile(double share)
{
	return source.accepted == 0 ? 0 : source.latencies_us[(uint32_t)((source.accepted - 1) * share)];
}

static int report(int is_late)
{
	qsort(source.latencies_us, source.accepted, sizeof(uint32_t), by_number);
	printf("{\"accepted\":%u,\"failed\":%u,\"notSent\":%u,\"isLate\":%s,\"firstByteNs\":\"%llu\",\"lastReplyNs\":\"%llu\","
	       "\"contentBytes\":%zu,\"p50Us\":%u,\"p99Us\":%u,\"maxUs\":%u,\"lostConnections\":%u,\"errors\":[",
	       source.accepted, source.failed, source.options->messages - source.started, is_late ? "true" : "false",
	       (unsigned long long)source.first_byte_ns, (unsigned long long)source.last_reply_ns,
	       source.header_bytes + source.filler_bytes - 3, percentile(0.5), percentile(0.99), percentile(1.0),
	       source.lost_connections);
	for (uint32_t at = 0; at < source.error_count && at < ERRORS_TOLD; at++)
		printf("%s\"%s\"", at == 0 ? "" : ",", source.errors[at]);
	printf("]}\n");
	return source.accepted == source.options->messages && source.error_count == 0 ? 0 : 1;
}

int run_source(const struct options *options)
{
	source.options = options;
	make_filler();
	source.latencies_us = malloc(sizeof(uint32_t) * options->messages);
	source.epoll = epoll_create1(EPOLL_CLOEXEC);
	uint64_t end_ns = now_ns() + (uint64_t)options->seconds_max * 1000000000u;
	for (uint32_t at = 0; at < (uint32_t)options->connections && at < options->messages; at++)
		open_connection();
	struct epoll_event events[EVENTS_AT_ONCE];
	while (source.open_connections > 0 && now_ns() < end_ns) {
		int count = epoll_wait(source.epoll, events, EVENTS_AT_ONCE, 100);
		for (int at = 0; at < count; at++) {
			struct connection *connection = events[at].data.ptr;
			if ((events[at].events & EPOLLOUT) != 0)
				send_content(connection);
			if ((events[at].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
				read_from(connection);
		}
	}
	return report(source.open_connections > 0);
}
