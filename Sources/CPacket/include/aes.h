/* AES-128 by the processor's instructions (FIPS 197): one block under one key, as a keyed function of 16 octets. */
#pragma once
#include "packet_buffer.h"
#include <string.h>
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

/* The eleven round keys, in order. */
struct aes_schedule {
    uint8_t round[11][16];
};

/* Sixteen octets as they lie in memory: the first eight, and the rest. */
struct aes_block {
    uint64_t low, high;
};

#if defined(__x86_64__)
typedef long long aes_state __attribute__((vector_size(16)));
/* Of every build: also where the compiler was not told that the processor has them (doctor says whether it has). */
#define AES_INSTRUCTIONS __attribute__((target("aes")))

AES_INSTRUCTIONS static inline aes_state aes_middle_round(aes_state state, aes_state key) {
    return __builtin_ia32_aesenc128(state, key);
}
AES_INSTRUCTIONS static inline aes_state aes_last_round(aes_state state, aes_state key) {
    return __builtin_ia32_aesenclast128(state, key);
}
#elif defined(__aarch64__)
typedef uint8x16_t aes_state;
#define AES_INSTRUCTIONS __attribute__((target("aes")))

AES_INSTRUCTIONS static inline aes_state aes_middle_round(aes_state state, aes_state key) {
    return vaesmcq_u8(vaeseq_u8(state, vdupq_n_u8(0))) ^ key;
}
AES_INSTRUCTIONS static inline aes_state aes_last_round(aes_state state, aes_state key) {
    return vaeseq_u8(state, vdupq_n_u8(0)) ^ key;
}
#else
#error "no AES instructions are known for this processor"
#endif

AES_INSTRUCTIONS static inline aes_state aes_load(const void *_Nonnull octets) {
    aes_state state;
    memcpy(&state, octets, sizeof state);
    return state;
}

/* The key schedule (FIPS 197 5.2) of the key with these octets. */
AES_INSTRUCTIONS static inline void aes_expand(struct aes_schedule *_Nonnull schedule, uint64_t low, uint64_t high) {
    uint8_t constant = 1;
    memcpy(schedule->round[0], &low, 8);
    memcpy(schedule->round[0] + 8, &high, 8);
    for (int round = 1; round < 11; round++) {
        const uint8_t *before = schedule->round[round - 1];
        uint8_t *key = schedule->round[round];
        /* A last round under a key of zeros does SubWord() to a block of four equal columns, whose rows it then shifts in vain. */
        uint8_t columns[16], nothing[16] = {0};
        for (int column = 0; column < 16; column += 4) memcpy(columns + column, before + 12, 4);
        aes_state substituted = aes_last_round(aes_load(columns), aes_load(nothing));
        memcpy(columns, &substituted, sizeof columns);
        for (int octet = 0; octet < 4; octet++) key[octet] = before[octet] ^ columns[(octet + 1) & 3]; /* RotWord() */
        key[0] ^= constant;
        constant = (uint8_t)(constant << 1 ^ (constant & 0x80 ? 0x1b : 0));
        for (int octet = 4; octet < 16; octet++) key[octet] = before[octet] ^ key[octet - 4];
    }
}

/* The cipher (FIPS 197 5.1) of the block with these octets. About twenty instructions. */
AES_INSTRUCTIONS PACKET_PATH static inline struct aes_block aes_encrypt(
    const struct aes_schedule *_Nonnull schedule, uint64_t low, uint64_t high) {
    struct aes_block block = {low, high};
    aes_state state = aes_load(&block) ^ aes_load(schedule->round[0]);
    for (int round = 1; round < 10; round++) state = aes_middle_round(state, aes_load(schedule->round[round]));
    state = aes_last_round(state, aes_load(schedule->round[10]));
    memcpy(&block, &state, sizeof block);
    return block;
}
