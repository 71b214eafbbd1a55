/*
 * What source and sink share: options, time, and the numbers that the sink shows to others.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>
#include <stdint.h>

#define EVENTS_AT_ONCE 256
#define CONNECTIONS_MAX 8192
#define MESSAGE_BYTES_MAX (64 << 20)
#define SERIALS_MAX 100000000u

struct options {
	const char *address;
	int port;
	/* source */
	int connections;
	uint32_t messages;
	uint32_t messages_per_connection; /* 0: any number */
	int message_bytes;
	int pipelining;
	int senders;
	int domains;
	const char *domain_suffix;
	uint32_t first_serial;
	const char *wiring_secret;
	/* sink */
	const char *counts_file;
	int delay_ms;
	/* both: nothing outlives this */
	int seconds_max;
};

/* The sink's numbers, in a file that both sides map or read. All 64 bit, so that a reader can take each by its position. */
struct counts {
	uint64_t messages;	/* 0: contents answered with 250 */
	uint64_t content_bytes; /* 1: as on the wire, without the dot line */
	uint64_t distinct;	/* 2: different serials among their recipients */
	uint64_t recipients;	/* 3: recipients of those contents */
	uint64_t connections;	/* 4: ever accepted */
	uint64_t refused;	/* 5: replies 4yz given on purpose */
	uint64_t wrong;		/* 6: commands out of order, overflows: a peer that does not speak SMTP as it should */
	uint64_t first_ns;	/* 7: CLOCK_MONOTONIC of the first content's end */
	uint64_t last_ns;	/* 8: and of the last one's */
	uint64_t mode;		/* 9: written by others: enum mode */
};

enum mode {
	MODE_ACCEPT = 0,
	MODE_REFUSE_RCPT = 1,	 /* 451 to every RCPT */
	MODE_REFUSE_GREETING = 2, /* 421 instead of a greeting */
	MODE_REFUSE_CONTENT = 3,  /* 451 to the final dot */
};

uint64_t now_ns(void);
void set_nonblocking(int fd);
/* Prints and ends the process with code 3: something that cannot be helped here. */
void fail(const char *what);

int run_source(const struct options *options);
int run_sink(const struct options *options);

/*
 * The end of content, CR LF . CR LF, wherever reads cut it. `matched` is how many of its bytes the input so far ends with;
 * START_OF_CONTENT at the beginning, where the reply to DATA stands for the first CR LF. Returns the index behind the end,
 * or -1 when it is not in these bytes.
 */
#define START_OF_CONTENT 2
long find_end(int *matched, const char *bytes, size_t length);

#endif
