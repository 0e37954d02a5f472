/* A TCP stack of one host, to be embedded: RFC 9293 with SACK (RFC 2018, 6675), RACK-TLP (RFC 8985), NewReno or CUBIC (RFC 5681, 9438),
 * timestamps and window scaling (RFC 7323), delayed acknowledgments, zero-window probes and keep-alives. IPv4.
 *
 * It has no threads, no clock and no sockets of the kernel: IPv4 packets go in and come out as octets, time is an argument, and no call
 * waits. Equal calls give equal packets. It is made for some hundreds of sockets: every packet, and every choice of a port, looks at all of them.
 *
 *     struct tcpstack_configuration configuration = {.address = 0x0a000001, .seed = 7};
 *     tcpstack *stack = tcpstack_create(&configuration, now);
 *     int listener = tcpstack_socket(stack);
 *     tcpstack_bind(stack, listener, 0, 80);
 *     tcpstack_listen(stack, listener, 16);
 *     for (;;) {
 *         ... wait for a packet, or until tcpstack_next_deadline(stack) ...
 *         tcpstack_advance(stack, now);
 *         tcpstack_packet_in(stack, packet, length, now);
 *         ... tcpstack_accept, tcpstack_receive, tcpstack_send ...
 *         while ((length = tcpstack_packet_out(stack, packet, sizeof packet)) > 0) transmit(packet, length);
 *     }
 *
 * Times are microseconds of any clock that only goes forward. Between two calls of tcpstack_advance or tcpstack_packet_in the stack's time
 * stands still: call tcpstack_advance before the calls of a socket, if time has passed. Addresses and ports are numbers in the machine's
 * own order: 10.0.0.1 is 0x0a000001.
 *
 * Functions that fail return the negative of an <errno.h> value: -EAGAIN where a blocking socket would wait. A stack and its sockets belong
 * to one thread at a time; different stacks are independent. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tcpstack tcpstack;

/* A field that is 0 has its default. */
struct tcpstack_configuration {
    uint32_t address;              /* our own; packets to others are ignored */
    uint16_t mtu;                  /* octets of the largest packet: 68 to 65,535; default 1,500 */
    uint16_t maximum_sockets;      /* connections and listeners at a time; default 256 */
    uint64_t seed;                 /* of the initial sequence numbers and ports */
    uint32_t receive_buffer;       /* octets of each socket's buffers, until SO_RCVBUF and SO_SNDBUF; default 131,072, at most 2^28 */
    uint32_t send_buffer;
    uint8_t without_timestamps;    /* 1: do not offer them (RFC 7323 3) */
    uint8_t without_window_scale;  /* 1: do not offer it (RFC 7323 2) */
    uint8_t without_sack;          /* 1: do not offer it (RFC 2018 2) */
    uint8_t without_idle_restart;  /* 1: keep the congestion window when nothing was sent for a while (against RFC 5681 4.1) */
    uint8_t congestion_control;    /* a TCPSTACK_CONGESTION_ value; default CUBIC */
    uint32_t window_scale;         /* shift count we offer, 1 to 14; default: the smallest that suits the receive buffer */
    uint32_t initial_window;       /* segments sent before the first acknowledgment; default 10 (RFC 6928) */
    uint32_t minimum_rto;          /* microseconds; default 200,000 */
    uint32_t time_wait;            /* microseconds; default 60,000,000 */
};
#define TCPSTACK_CONGESTION_CUBIC 0
#define TCPSTACK_CONGESTION_NEWRENO 1

/* A stack; NULL: no memory, or an impossible configuration or time. */
tcpstack *tcpstack_create(const struct tcpstack_configuration *configuration, uint64_t now);
/* Forgets everything, connections too, without a packet. */
void tcpstack_destroy(tcpstack *stack);

/* ---- Packets and time ---- */

/* Takes an IPv4 packet that arrived at `now`. What is not whole, sound and ours is counted and ignored. 0, or -EINVAL for an ignored one. */
int tcpstack_packet_in(tcpstack *stack, const void *packet, size_t length, uint64_t now);
/* Writes the next packet to be sent; its length, or 0 when there is none. `size` must be the MTU at least. Call until it returns 0. */
size_t tcpstack_packet_out(tcpstack *stack, void *packet, size_t size);
/* When tcpstack_advance has something to do, UINT64_MAX: never. */
uint64_t tcpstack_next_deadline(const tcpstack *stack);
/* Sets the stack's time and runs the timers that are due. What is above UINT64_MAX / 2 is no time, and nothing happens. */
void tcpstack_advance(tcpstack *stack, uint64_t now);

/* ---- Sockets: as their namesakes of POSIX, non-blocking ---- */

/* A new socket, 0 or more; -EMFILE when `maximum_sockets` exist. */
int tcpstack_socket(tcpstack *stack);
/* `address` is 0 or the stack's own; port 0: any free one. -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL. */
int tcpstack_bind(tcpstack *stack, int socket, uint32_t address, uint16_t port);
int tcpstack_listen(tcpstack *stack, int socket, int backlog);
/* The oldest connection that completed its handshake; -EAGAIN: none. `address` and `port` of the peer may be NULL. */
int tcpstack_accept(tcpstack *stack, int socket, uint32_t *address, uint16_t *port);
/* Sends a SYN: -EINPROGRESS. Called again: -EALREADY, then 0 once connected (-EISCONN from then on), or the error; after that, a new attempt.
 * -ENETUNREACH: no host has the address; -EADDRNOTAVAIL: no port is free, or the pair is in use. */
int tcpstack_connect(tcpstack *stack, int socket, uint32_t address, uint16_t port);
/* Octets taken into the send buffer; -EAGAIN: none fits. Flags: MSG_MORE (more follows at once). -EPIPE, -ECONNRESET, -ETIMEDOUT;
 * -EFAULT: octets are NULL. */
int64_t tcpstack_send(tcpstack *stack, int socket, const void *octets, size_t count, int flags);
/* Octets received; 0: the peer has closed; -EAGAIN: none yet. Flags: MSG_PEEK. */
int64_t tcpstack_receive(tcpstack *stack, int socket, void *octets, size_t count, int flags);
/* SHUT_RD, SHUT_WR, SHUT_RDWR. */
int tcpstack_shutdown(tcpstack *stack, int socket, int how);
/* The number can be given to another socket at once; the connection goes on by itself until it is closed (SO_LINGER: see below). */
int tcpstack_close(tcpstack *stack, int socket);
/* POLLIN, POLLOUT, POLLERR, POLLHUP, POLLRDHUP as of now; -EBADF. */
int tcpstack_poll(const tcpstack *stack, int socket);
/* The two ends of a socket; NULL where not wanted. The remote one: -ENOTCONN. */
int tcpstack_local_name(const tcpstack *stack, int socket, uint32_t *address, uint16_t *port);
int tcpstack_remote_name(const tcpstack *stack, int socket, uint32_t *address, uint16_t *port);

/* Options, with the levels, names and values of Linux:
 *   SOL_SOCKET: SO_RCVBUF, SO_SNDBUF (int octets, kept doubled as Linux does), SO_LINGER (struct linger; 0 s: close sends a RST),
 *     SO_KEEPALIVE, SO_REUSEADDR (int), SO_ERROR (int, read clears it)
 *   IPPROTO_TCP: TCP_NODELAY, TCP_CORK, TCP_QUICKACK (int), TCP_MAXSEG (int octets), TCP_KEEPIDLE, TCP_KEEPINTVL (int seconds), TCP_KEEPCNT,
 *     TCP_SYNCNT (int), TCP_USER_TIMEOUT (unsigned milliseconds), TCP_LINGER2 (int seconds), TCP_CONGESTION ("cubic", "reno"),
 *     TCP_INFO (read: struct tcp_info, as much of it as is known)
 * An accepted socket has its listener's. -ENOPROTOOPT, -EINVAL; -ENOENT: no such congestion control. */
int tcpstack_set_option(tcpstack *stack, int socket, int level, int name, const void *value, uint32_t length);
int tcpstack_get_option(tcpstack *stack, int socket, int level, int name, void *value, uint32_t *length);

#ifdef __cplusplus
}
#endif
