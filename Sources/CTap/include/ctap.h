/* A TAP interface (/dev/net/tun): made, named, given its addresses; it goes when its file descriptor does, however the process ends. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* What was being done when an interface could not be made. */
enum tap_step {
    TAP_NAMESPACE, /* entering the namespace, or coming back from it */
    TAP_DEVICE,    /* opening /dev/net/tun */
    TAP_CREATE,    /* making the interface */
    TAP_MAC,       /* giving it its MAC address */
    TAP_ADDRESS,   /* its address and prefix */
    TAP_UP,        /* setting it up */
    TAP_ROUTE,     /* the route through the gateway */
};

struct tap_settings {
    const char *_Nonnull name;
    const char *_Nullable network_namespace; /* a file of /run/netns; NULL: our own */
    uint64_t mac;
    uint32_t address; /* in host order, as the gateway */
    uint32_t prefix_length;
    uint32_t gateway; /* of a default route, made only in a namespace of its own; 0: none */
};

/* Makes the interface. Its file descriptor, which does not block; or an errno value, negative, with *step saying what failed. Nothing is
 * left behind then. The calling thread is in the namespace meanwhile, and back in its own at the end. */
int tap_open(const struct tap_settings *_Nonnull settings, enum tap_step *_Nonnull step);
/* Gives a frame to the kernel. 0: it took it. */
int tap_write(int tap, const void *_Nonnull frame, size_t length);
/* A frame that the kernel sent, of `room` octets at most: its length, or 0 when there is none. */
size_t tap_read(int tap, void *_Nonnull frame, size_t room);
/* Waits until the kernel sends, `microseconds` at most. */
void tap_wait(int tap, unsigned microseconds);
void tap_close(int tap);
