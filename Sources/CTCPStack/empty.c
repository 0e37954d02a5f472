#include "tcpstack.h"
