/* The packet buffer that every port hands out, and the few machine instructions Swift has no name for (those
 * for AES are in aes.h).
 *
 * `struct packet_buffer` has the layout of DPDK 22.11's `struct rte_mbuf` (CDPDK asserts every field used), so that a frame received
 * by DPDK is read by Swift in place, without a call. This header knows nothing of DPDK; MemoryPort allocates the same structure itself. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Callable from functions that the Swift compiler proves free of locks and allocation. */
#define PACKET_PATH __attribute__((swift_attr("@_noLocks")))

/* Bytes from the start of the buffer's room to a fresh frame's first byte (RTE_PKTMBUF_HEADROOM). */
#define PACKET_HEADROOM 128
/* Bytes of room in a buffer, headroom included, at least: one 1,518-byte frame and to spare. */
#define PACKET_ROOM 2176

/* ol_flags of a received frame: the port has verified the IPv4 header's checksum, and that of TCP. */
#define PACKET_IPV4_VERIFIED (1ull << 7)
#define PACKET_TCP_VERIFIED (1ull << 8)
/* ol_flags of a frame to be sent: it is IPv4; the port is to compute its header's checksum; and TCP's. */
#define PACKET_IS_IPV4 (1ull << 55)
#define PACKET_SUM_IPV4 (1ull << 54)
#define PACKET_SUM_TCP (1ull << 52)

struct packet_buffer {
    uint8_t *_Nonnull buf_addr;  /* first byte of the room */
    uint64_t buf_iova;
    uint16_t data_off;           /* the frame starts at buf_addr + data_off */
    uint16_t refcnt;
    uint16_t nb_segs;
    uint16_t port;
    uint64_t ol_flags;           /* offload flags, both ways */
    uint32_t packet_type;
    uint32_t pkt_len;            /* length of the frame, all segments */
    uint16_t data_len;           /* length of this segment */
    uint16_t vlan_tci;
    uint32_t hash_rss;
    uint32_t hash_high;
    uint16_t vlan_tci_outer;
    uint16_t buf_len;
    void *_Nullable pool;
    struct packet_buffer *_Nullable next;
    uint64_t tx_offload;
    uint64_t reserved[6];
};

/* Where the frame starts. */
PACKET_PATH static inline uint8_t *_Nonnull packet_data(const struct packet_buffer *_Nonnull p) {
    return p->buf_addr + p->data_off;
}

/* Sets the frame's length, for a frame of one segment. */
PACKET_PATH static inline void packet_set_length(struct packet_buffer *_Nonnull p, uint32_t length) {
    p->pkt_len = length;
    p->data_len = (uint16_t)length;
}

/* While an engine holds a received frame, what the port said of it, in the buffer's first line, is the engine's own: a link to another
 * frame, and where octets lie. */
PACKET_PATH static inline struct packet_buffer *_Nullable packet_link(const struct packet_buffer *_Nonnull p) {
    struct packet_buffer *link;
    __builtin_memcpy(&link, &p->hash_rss, sizeof link);
    return link;
}

PACKET_PATH static inline void packet_set_link(struct packet_buffer *_Nonnull p, struct packet_buffer *_Nullable link) {
    __builtin_memcpy(&p->hash_rss, &link, sizeof link);
}

/* Tells the port what to compute in the frame, and where its IPv4 header begins and ends. */
PACKET_PATH static inline void packet_leave_sums(
    struct packet_buffer *_Nonnull p, uint64_t flags, unsigned link_length, unsigned network_length) {
    p->ol_flags = flags;
    p->tx_offload = link_length | network_length << 7;
}

/* Makes a buffer that held a frame of one segment, whose `next` is NULL therefore, ready to be filled again. */
PACKET_PATH static inline void packet_reset(struct packet_buffer *_Nonnull p) {
    p->data_off = PACKET_HEADROOM;
    p->ol_flags = 0;
    p->nb_segs = 1;
}

/* Asks for a cache line that is read soon. */
PACKET_PATH static inline void prefetch_line(const void *_Nonnull address) { __builtin_prefetch(address, 1, 3); }

/* Asks for a cache line that is written soon, and that another core has read since: this core is to have it alone. */
PACKET_PATH static inline void prefetch_to_write(const void *_Nonnull address) {
#if defined(__x86_64__)
    /* Every processor of 64 bits takes it, if only for nothing; the compiler's builtin makes it where the processor is named. */
    __asm__ volatile("prefetchw %0" : : "m"(*(const uint8_t *)address));
#else
    __builtin_prefetch(address, 1, 3);
#endif
}

typedef long long line_half __attribute__((vector_size(32)));

/* Copies cache lines, both ends aligned to them, past the caches: no other core has to give them up first. */
PACKET_PATH static inline void copy_lines_past_caches(void *_Nonnull to, const void *_Nonnull from, long lines) {
    for (long half = 0; half < 2 * lines; half++)
        __builtin_nontemporal_store(((const line_half *)from)[half], (line_half *)to + half);
}

/* Whoever sees what is stored next sees what was stored before, past the caches too. */
PACKET_PATH static inline void fence_stores(void) {
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#else
    __atomic_thread_fence(__ATOMIC_RELEASE);
#endif
}

/* Asks for what an empty buffer is filled in: its first line, and where its frame will start, as buffers of DPDK's pools lie. */
PACKET_PATH static inline void prefetch_buffer(const struct packet_buffer *_Nonnull p) {
    prefetch_line(p);
    prefetch_line((const uint8_t *)(p + 1) + PACKET_HEADROOM);
}

/* The same of a frame that is read, and the line behind. */
PACKET_PATH static inline void prefetch_frame(const struct packet_buffer *_Nonnull p) {
    prefetch_buffer(p);
    prefetch_line((const uint8_t *)(p + 1) + PACKET_HEADROOM + 64);
}

/* The time-stamp counter: invariant, common to all cores (doctor checks that it is). */
PACKET_PATH static inline uint64_t tick_counter(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    uint64_t value;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value;
#endif
}

/* Both halves of a 128-bit product, exclusive-or: the mixing step of a hash. */
PACKET_PATH static inline uint64_t multiply_and_fold(uint64_t a, uint64_t b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The high half of a 128-bit product: a division by a constant that is known at run time only. */
PACKET_PATH static inline uint64_t multiply_high(uint64_t a, uint64_t b) {
    return (uint64_t)((unsigned __int128)a * b >> 64);
}

/* Which of the eight 32-bit words at `words`, aligned to 32 octets, have this value: a bit each. */
PACKET_PATH static inline uint32_t matching_lanes(const uint32_t *_Nonnull words, uint32_t value) {
#if defined(__AVX2__)
    typedef uint32_t eight_words __attribute__((vector_size(32)));
    typedef float eight_floats __attribute__((vector_size(32)));
    const eight_words wanted = {value, value, value, value, value, value, value, value};
    return (uint32_t)__builtin_ia32_movmskps256((eight_floats)(*(const eight_words *)words == wanted));
#else
    uint32_t equal = 0;
    for (unsigned lane = 0; lane < 8; lane++) equal |= (uint32_t)(words[lane] == value) << lane;
    return equal;
#endif
}

/* Tells the core that it is waiting in a loop. */
PACKET_PATH static inline void spin_hint(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

/* Pins the calling thread to a core. 0, or an errno value. */
int pin_thread(int core);
/* Takes these cores from those that the calling thread may run on; if none would be left, changes nothing. 0, or an errno value. */
int avoid_cores(const int *_Nonnull cores, int count);
/* The cores that the calling thread may run on, in ascending order, `most` of them at most (glibc knows 1,024). Returns how many. */
int allowed_cores(int *_Nonnull cores, int most);
/* Ticks per second of tick_counter(), measured against CLOCK_MONOTONIC over `milliseconds`. */
double measure_tick_rate(int milliseconds);
/* Memory for state tables: zeroed, page aligned, on transparent huge pages where the kernel has them. NULL if there is none. */
void *_Nullable allocate_table(size_t bytes);
void release_table(void *_Nonnull table, size_t bytes);
