/* What this loop leaves out: timers, options read, checksums verified, addresses and lengths looked at, records, counters, losses, every
 * state but the one that follows. What it does: seven frames, each a copy of a template with ports, sequence and acknowledgment numbers
 * filled in and both checksums summed over the whole header and payload; ports, flags and numbers of each arriving frame read and checked
 * against the end's own. */
#include "floor.h"
#include "cdpdk.h"
#include <rte_ip.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum {
    BURST = 64,
    SERVER_PORT = 80,
    FIRST_PORT = 1024,
    PORTS = 65536 - FIRST_PORT,
    IP = 14,
    TCP = IP + 20,
    SYN_OPTIONS = 12,
    PAYLOAD = 16,
    /* Sizes of the frames by their content; odd octets do not occur. */
    BARE = TCP + 20,
    WITH_OPTIONS = BARE + SYN_OPTIONS,
    WITH_PAYLOAD = BARE + PAYLOAD,
    HAND = 1024
};

enum flags { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

enum kind { CLIENT_SYN, SERVER_SYN_ACK, CLIENT_ACK, CLIENT_REQUEST, SERVER_RESPONSE, CLIENT_FIN, SERVER_ACK, KINDS };

/* What an end knows of its connection. */
struct end {
    uint32_t next;     /* sequence number it sends next */
    uint32_t expected; /* sequence number it expects next */
};

struct pair {
    struct end client, server;
};

struct loop {
    uint16_t port;
    void *pool;
    struct pair *pairs; /* by client port */
    struct packet_buffer *hand[HAND];
    unsigned in_hand;
    /* FLOOR_PLAIN: what the burst has left behind. */
    struct packet_buffer *read[2 * BURST];
    unsigned in_read;
    struct packet_buffer *out[4 * BURST];
    unsigned waiting;
    uint8_t templates[KINDS][96];
    uint64_t frames;
    uint32_t serial;
    uint16_t next_port;
    int failure;
};

static const uint8_t sizes[KINDS] = {WITH_OPTIONS, WITH_OPTIONS, BARE, WITH_PAYLOAD, WITH_PAYLOAD, BARE, BARE};

static inline void store16(uint8_t *at, uint16_t value) {
    value = __builtin_bswap16(value);
    memcpy(at, &value, 2);
}

static inline void store32(uint8_t *at, uint32_t value) {
    value = __builtin_bswap32(value);
    memcpy(at, &value, 4);
}

static inline uint16_t load16(const uint8_t *at) {
    uint16_t value;
    memcpy(&value, at, 2);
    return __builtin_bswap16(value);
}

static inline uint32_t load32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return __builtin_bswap32(value);
}

/* Sum of 32-bit words, `size` a constant multiple of 4 where this is called, so that the loop is unrolled. */
INLINE uint64_t sum(const uint8_t *at, unsigned size, uint64_t total) {
    for (unsigned offset = 0; offset < size; offset += 4) {
        uint32_t word;
        memcpy(&word, at + offset, 4);
        total += word;
    }
    return total;
}

static inline uint16_t fold(uint64_t total) {
    total = (total & 0xffffffff) + (total >> 32);
    total = (total & 0xffff) + (total >> 16 & 0xffff) + (total >> 32);
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    return (uint16_t)~total;
}

static void make_template(uint8_t *frame, enum kind kind, uint8_t flags, int from_client) {
    static const uint8_t client[4] = {10, 0, 0, 2}, server[4] = {10, 0, 0, 1};
    static const uint8_t options[SYN_OPTIONS] = {2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 1, 0}; /* MSS, SACK permitted, window scale */
    unsigned size = sizes[kind], header = flags & SYN ? 20 + SYN_OPTIONS : 20;
    memset(frame, 0, 96);
    frame[0] = frame[6] = 2;
    frame[5] = frame[11] = 1;
    store16(frame + 12, 0x0800);
    frame[IP] = 0x45;
    store16(frame + IP + 2, (uint16_t)(size - IP));
    store16(frame + IP + 6, 0x4000);
    frame[IP + 8] = 64;
    frame[IP + 9] = 6;
    memcpy(frame + IP + 12, from_client ? client : server, 4);
    memcpy(frame + IP + 16, from_client ? server : client, 4);
    store16(frame + TCP + (from_client ? 2 : 0), SERVER_PORT);
    frame[TCP + 12] = (uint8_t)(header / 4 << 4);
    frame[TCP + 13] = flags;
    store16(frame + TCP + 14, 65535);
    if (flags & SYN) memcpy(frame + BARE, options, SYN_OPTIONS);
    for (unsigned at = TCP + header; at < size; at++) frame[at] = (uint8_t)('a' + at % 26);
}

INLINE struct packet_buffer *take(struct loop *loop, enum floor_style style) {
    if (loop->in_hand == 0) {
        if (dpdk_allocate(loop->pool, loop->hand, BURST / 2) != 0) {
            loop->failure = -1;
            return NULL;
        }
        loop->in_hand = BURST / 2;
    }
    struct packet_buffer *buffer = loop->hand[--loop->in_hand];
    if (style == FLOOR_LEAN) packet_reset(buffer);
    return buffer;
}

INLINE void give(struct loop *loop, enum floor_style style, struct packet_buffer *buffer) {
    if (style == FLOOR_PLAIN) {
        loop->read[loop->in_read++] = buffer;
        return;
    }
    if (loop->in_hand == HAND) {
        dpdk_free(loop->hand + HAND / 2, HAND / 2);
        loop->in_hand = HAND / 2;
    }
    loop->hand[loop->in_hand++] = buffer;
}

INLINE void set_sums(uint8_t *frame, unsigned size) {
    uint16_t checksum = fold(sum(frame + IP, 20, 0));
    memcpy(frame + IP + 10, &checksum, 2);
    /* The pseudo header: both addresses, the protocol and the length. */
    uint64_t pseudo = (uint64_t)__builtin_bswap32(6u << 16 | (size - TCP));
    checksum = fold(sum(frame + TCP, size - TCP, sum(frame + IP + 12, 8, pseudo)));
    memcpy(frame + TCP + 16, &checksum, 2);
}

INLINE void set_sums_by_calls(uint8_t *frame) {
    struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + IP);
    ip->hdr_checksum = rte_ipv4_cksum(ip);
    uint16_t checksum = rte_ipv4_udptcp_cksum(ip, frame + TCP);
    memcpy(frame + TCP + 16, &checksum, 2);
}

/* Puts a frame in the queue; the one that it answers, if any, is read. `kind` is a constant where this is called. */
INLINE void put(
    struct loop *loop, enum floor_style style, struct packet_buffer *answered, enum kind kind, int from_client, uint16_t client_port,
    uint32_t sequence, uint32_t acknowledgment) {
    struct packet_buffer *buffer = answered;
    if (style == FLOOR_PLAIN && answered != NULL) give(loop, style, answered);
    if (style == FLOOR_PLAIN || answered == NULL) buffer = take(loop, style);
    if (buffer == NULL) return;
    uint8_t *frame = packet_data(buffer);
    const unsigned size = kind == CLIENT_SYN || kind == SERVER_SYN_ACK ? WITH_OPTIONS
        : kind == CLIENT_REQUEST || kind == SERVER_RESPONSE           ? WITH_PAYLOAD
                                                                      : BARE;
    memcpy(frame, loop->templates[kind], size);
    store16(frame + TCP + (from_client ? 0 : 2), client_port);
    store32(frame + TCP + 4, sequence);
    store32(frame + TCP + 8, acknowledgment);
    if (style == FLOOR_PLAIN) set_sums_by_calls(frame); else set_sums(frame, size);
    packet_set_length(buffer, size);
    loop->out[loop->waiting++] = buffer;
}

INLINE void open_one(struct loop *loop, enum floor_style style) {
    uint16_t client_port = loop->next_port;
    loop->next_port = client_port == 65535 ? FIRST_PORT : (uint16_t)(client_port + 1);
    uint32_t sequence = loop->serial += 64007;
    loop->pairs[client_port].client.next = sequence + 1;
    put(loop, style, NULL, CLIENT_SYN, 1, client_port, sequence, 0);
}

/* A frame that the client's end receives. 1: the connection is closed. */
INLINE int client_receive(struct loop *loop, enum floor_style style, struct packet_buffer *buffer, const uint8_t *frame) {
    uint16_t client_port = load16(frame + TCP + 2);
    struct end *end = &loop->pairs[client_port].client;
    uint32_t sequence = load32(frame + TCP + 4), acknowledgment = load32(frame + TCP + 8);
    uint8_t flags = frame[TCP + 13];
    if (acknowledgment != end->next) loop->failure = -3;
    if (flags == (SYN | ACK)) {
        end->expected = sequence + 1;
        put(loop, style, buffer, CLIENT_ACK, 1, client_port, acknowledgment, sequence + 1);
        put(loop, style, NULL, CLIENT_REQUEST, 1, client_port, acknowledgment, sequence + 1);
        end->next = acknowledgment + PAYLOAD;
        return 0;
    }
    if (sequence != end->expected) loop->failure = -3;
    if (flags & FIN) {
        put(loop, style, buffer, CLIENT_FIN, 1, client_port, acknowledgment, sequence + PAYLOAD + 1);
        end->next = acknowledgment + 1;
        end->expected = sequence + PAYLOAD + 1;
        return 0;
    }
    give(loop, style, buffer);
    return 1;
}

INLINE void server_receive(struct loop *loop, enum floor_style style, struct packet_buffer *buffer, const uint8_t *frame) {
    uint16_t client_port = load16(frame + TCP);
    struct end *end = &loop->pairs[client_port].server;
    uint32_t sequence = load32(frame + TCP + 4), acknowledgment = load32(frame + TCP + 8);
    uint8_t flags = frame[TCP + 13];
    if (flags == SYN) {
        uint32_t first = loop->serial += 64007;
        end->next = first + 1;
        end->expected = sequence + 1;
        put(loop, style, buffer, SERVER_SYN_ACK, 0, client_port, first, sequence + 1);
        return;
    }
    if (sequence != end->expected || acknowledgment != end->next) loop->failure = -3;
    if (flags & FIN) {
        put(loop, style, buffer, SERVER_ACK, 0, client_port, acknowledgment, sequence + 1);
    } else if (flags & PSH) {
        put(loop, style, buffer, SERVER_RESPONSE, 0, client_port, acknowledgment, sequence + PAYLOAD);
        end->next = acknowledgment + PAYLOAD + 1;
        end->expected = sequence + PAYLOAD;
    } else {
        give(loop, style, buffer);
    }
}

static inline void flush(struct loop *loop) {
    unsigned done = 0;
    while (done < loop->waiting) {
        unsigned count = loop->waiting - done < BURST ? loop->waiting - done : BURST;
        unsigned taken = dpdk_transmit(loop->port, 0, loop->out + done, (uint16_t)count);
        done += taken;
        if (taken < count) {
            loop->failure = -2;
            break;
        }
    }
    loop->frames += done;
    loop->waiting = 0;
    if (loop->in_read > 0) dpdk_free(loop->read, loop->in_read);
    loop->in_read = 0;
}

static void prepare(struct loop *loop) {
    make_template(loop->templates[CLIENT_SYN], CLIENT_SYN, SYN, 1);
    make_template(loop->templates[SERVER_SYN_ACK], SERVER_SYN_ACK, SYN | ACK, 0);
    make_template(loop->templates[CLIENT_ACK], CLIENT_ACK, ACK, 1);
    make_template(loop->templates[CLIENT_REQUEST], CLIENT_REQUEST, PSH | ACK, 1);
    make_template(loop->templates[SERVER_RESPONSE], SERVER_RESPONSE, FIN | PSH | ACK, 0);
    make_template(loop->templates[CLIENT_FIN], CLIENT_FIN, FIN | ACK, 1);
    make_template(loop->templates[SERVER_ACK], SERVER_ACK, ACK, 0);
    memset(loop->pairs, 0, 65536 * sizeof *loop->pairs);
}

/* Until all are closed. Returns how many. `style` is a constant where this is called. */
INLINE uint64_t run(struct loop *loop, enum floor_style style, uint64_t connections, uint32_t open) {
    struct packet_buffer *burst[BURST];
    uint64_t opened = 0, closed = 0, idle = 0;
    while (closed < connections && loop->failure == 0) {
        unsigned count = dpdk_receive(loop->port, 0, burst, BURST);
        for (unsigned index = 0; index < count; index++) {
            if (index + 4 < count) prefetch_line(burst[index + 4]->buf_addr + PACKET_HEADROOM);
            const uint8_t *frame = packet_data(burst[index]);
            if (load16(frame + TCP + 2) == SERVER_PORT)
                server_receive(loop, style, burst[index], frame);
            else
                closed += (uint64_t)client_receive(loop, style, burst[index], frame);
        }
        for (unsigned due = 0; due < BURST / 2 && opened < connections && opened - closed < open; due++, opened++) open_one(loop, style);
        if (count == 0 && loop->waiting == 0 && ++idle > 1000) loop->failure = -3;
        flush(loop);
    }
    return closed;
}

static struct loop the_loop;

int floor_run(
    uint16_t port, void *pool, uint64_t connections, uint32_t open, enum floor_style style, struct floor_result *result) {
    struct loop *loop = &the_loop;
    memset(loop, 0, sizeof *loop);
    loop->port = port;
    loop->pool = pool;
    loop->next_port = FIRST_PORT;
    loop->pairs = allocate_table(65536 * sizeof *loop->pairs);
    if (loop->pairs == NULL) return -1;
    prepare(loop);

    uint64_t from = tick_counter();
    result->connections =
        style == FLOOR_PLAIN ? run(loop, FLOOR_PLAIN, connections, open) : run(loop, FLOOR_LEAN, connections, open);
    result->ticks = tick_counter() - from;
    result->frames = loop->frames;

    struct packet_buffer *burst[BURST];
    for (unsigned count; (count = dpdk_receive(port, 0, burst, BURST)) > 0;) dpdk_free(burst, count);
    dpdk_free(loop->hand, loop->in_hand);
    release_table(loop->pairs, 65536 * sizeof *loop->pairs);
    return loop->failure;
}
