// A bounded HTTP/1.1 load generator: one thread, epoll, loopback. Sends one request again and again, prints one JSON object.
//
//   load -p PORT -u PATH [-b BODY_FILE] [-H "Name: value"]... -c CONNECTIONS -t SECONDS [-n REQUESTS] [-r RATE] [-l EACH]
//
// The loop is closed: a connection sends its next request once it has the answer. With -r it is open, and latency counts
// from when a request was due. With -l one client of EACH leaves as soon as its answer begins. After SECONDS nothing
// new is sent; what runs may end. Counts the events of streams, and for each token that stub.c stamped ("@T" and 19 digits
// of CLOCK_MONOTONIC in ns) how long it was on its way.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MOST_EVENTS = 256, READ_SIZE = 1 << 18, MOST_HEAD = 16384, STAMP_DIGITS = 19, LONGEST_WAIT_NS = 200000000 };
static const int64_t SECOND = 1000000000, PATIENCE_NS = 30000000000;

enum part { SIZE_LINE, CHUNK, CHUNK_END, TRAILER };

typedef struct {
  int fd, is_busy, is_leaving, status, has_body, is_chunked;
  int64_t due, first;     // when the request was due, when its body began; ns
  char head[MOST_HEAD];
  int head_size;
  int64_t length;         // bytes of the body still to come, -1: until the connection ends
  enum part part;
  int64_t chunk_left;
  char size_line[32];
  int size_line_length, trailer_length;
  int data_seen, delta_seen, stamp_seen;  // how much of "data:", "\"delta\"" and a stamp the bytes so far match
  char stamp[STAMP_DIGITS + 1];
} connection;

typedef struct { double *values; size_t count, room; } sample;

static struct {
  uint64_t faults, events, bytes, started, left, reconnects;
  int fault_status;
  char fault[512];
  sample whole_ms, first_ms, token_ms;
} seen;

static int port, poller;
static char *request;
static size_t request_size;

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * SECOND + time.tv_nsec;
}

// ---- samples -------------------------------------------------------------------------------------------------------

static void note(sample *in, double value) {
  if (in->count == in->room) {
    in->room = in->room ? in->room * 2 : 65536;
    in->values = realloc(in->values, in->room * sizeof *in->values);
  }
  in->values[in->count++] = value;
}

static int by_value(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static void print_sample(const char *name, sample *of) {
  if (!of->count) {
    printf("\"%s\":null,", name);
    return;
  }
  qsort(of->values, of->count, sizeof *of->values, by_value);
  double sum = 0, *values = of->values;
  for (size_t at = 0; at < of->count; at++) sum += values[at];
  printf("\"%s\":{\"count\":%zu,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"mean\":%.3f},", name, of->count,
         values[of->count / 2], values[of->count * 9 / 10], values[of->count * 99 / 100], values[of->count - 1], sum / of->count);
}

// ---- answers -------------------------------------------------------------------------------------------------------

static void read_stamp(connection *from, char byte, int64_t time) {
  if (from->stamp_seen == 0) from->stamp_seen = byte == '@';
  else if (from->stamp_seen == 1) from->stamp_seen = byte == 'T' ? 2 : 0;
  else if (byte < '0' || byte > '9') from->stamp_seen = 0;
  else {
    from->stamp[from->stamp_seen++ - 2] = byte;
    if (from->stamp_seen < STAMP_DIGITS + 2) return;
    note(&seen.token_ms, (time - strtoll(from->stamp, NULL, 10)) / 1e6);
    from->stamp_seen = 0;
  }
}

// A stream's last events repeat whole answers: a stamp counts as a token relayed only behind a "delta" on its line.
static void read_body(connection *from, const char *bytes, size_t size, int64_t time) {
  if (size && !from->first) from->first = time;
  seen.bytes += size;
  if (from->status != 200 && !seen.fault[0]) memcpy(seen.fault, bytes, size < sizeof seen.fault ? size : sizeof seen.fault - 1);
  for (size_t at = 0; at < size; at++) {
    char byte = bytes[at];
    if (from->data_seen >= 0) {
      from->data_seen = byte == "data:"[from->data_seen] ? from->data_seen + 1 : -1;
      if (from->data_seen == 5) {
        seen.events++;
        from->data_seen = -1;
      }
    }
    if (byte == '\n') from->data_seen = from->delta_seen = from->stamp_seen = 0;
    else if (from->delta_seen == 7) read_stamp(from, byte, time);
    else from->delta_seen = byte == "\"delta\""[from->delta_seen] ? from->delta_seen + 1 : byte == '"';
  }
}

static int read_chunks(connection *from, const char *bytes, size_t size, int64_t time) {
  for (size_t at = 0; at < size;) switch (from->part) {
    case SIZE_LINE:
      if (bytes[at] != '\n') {
        if (from->size_line_length < 30) from->size_line[from->size_line_length++] = bytes[at];
      } else {
        from->size_line[from->size_line_length] = 0;
        from->chunk_left = strtoll(from->size_line, NULL, 16);
        from->size_line_length = from->trailer_length = 0;
        from->part = from->chunk_left ? CHUNK : TRAILER;
      }
      at++;
      break;
    case CHUNK: {
      size_t part = size - at < (size_t)from->chunk_left ? size - at : (size_t)from->chunk_left;
      read_body(from, bytes + at, part, time);
      at += part;
      from->chunk_left -= part;
      if (!from->chunk_left) from->part = CHUNK_END;
      break;
    }
    case CHUNK_END:
      if (bytes[at++] == '\n') from->part = SIZE_LINE;
      break;
    case TRAILER:
      if (bytes[at] == '\n') {
        if (!from->trailer_length) return 1;
        from->trailer_length = 0;
      } else if (bytes[at] != '\r') from->trailer_length++;
      at++;
    }
  return 0;
}

// Takes the head's bytes; returns how many of `bytes` belong to it, or -1 if it goes on.
static ssize_t read_head(connection *from, const char *bytes, size_t size) {
  size_t room = sizeof from->head - 1 - from->head_size, taken = size < room ? size : room;
  int before = from->head_size;
  memcpy(from->head + before, bytes, taken);
  from->head_size += taken;
  from->head[from->head_size] = 0;
  char *end = strstr(from->head, "\r\n\r\n");
  if (!end) {
    if (taken == room) exit(fprintf(stderr, "load: the head of an answer passes %d bytes\n", MOST_HEAD));
    return -1;
  }
  end[2] = 0;
  from->has_body = 1;
  from->status = atoi(from->head + 9);
  char *length = strcasestr(from->head, "\ncontent-length:");
  if (length) from->length = atoll(length + 16);
  from->is_chunked = strcasestr(from->head, "\ntransfer-encoding: chunked") != NULL;
  return end + 4 - from->head - before;
}

// Returns 1 once an answer is complete.
static int read_answer(connection *from, const char *bytes, size_t size, int64_t time) {
  if (!from->has_body) {
    ssize_t taken = read_head(from, bytes, size);
    if (taken < 0) return 0;
    bytes += taken;
    size -= taken;
    if (from->length == 0) from->first = time;
  }
  if (from->is_chunked) return read_chunks(from, bytes, size, time);
  read_body(from, bytes, size, time);
  if (from->length > 0) from->length -= size;
  return from->length == 0;
}

// ---- requests ------------------------------------------------------------------------------------------------------

static void dial(connection *new) {
  int one = 1;
  new->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(new->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(new->fd, (void *)&address, sizeof address) && errno != EINPROGRESS) {
    perror("load: connect");
    exit(2);
  }
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = new};
  epoll_ctl(poller, EPOLL_CTL_ADD, new->fd, &event);
}

static void redial(connection *lost) {
  close(lost->fd);
  seen.reconnects++;
  dial(lost);
}

static void ask(connection *idle, int64_t due, long leave_each) {
  *idle = (connection){.fd = idle->fd, .is_busy = 1, .due = due, .length = -1};
  seen.started++;
  idle->is_leaving = leave_each && seen.started % leave_each == 0;
  for (size_t sent = 0; sent < request_size;) {
    ssize_t went = send(idle->fd, request + sent, request_size - sent, MSG_NOSIGNAL);
    if (went >= 0) sent += went;
    else if (errno == EAGAIN || errno == ENOTCONN) usleep(50);
    else {
      redial(idle);
      usleep(100);
      sent = 0;
    }
  }
}

// Reads what has come; returns 1 once the request is over, well or not.
static int hear(connection *from) {
  static char bytes[READ_SIZE];
  ssize_t size = recv(from->fd, bytes, sizeof bytes, 0);
  if (size < 0 && errno == EAGAIN) return 0;
  int64_t time = now_ns();
  if (size > 0) {
    if (!from->is_busy) return 0;
    int is_whole = read_answer(from, bytes, size, time);
    if (!is_whole && from->has_body && from->is_leaving) {
      redial(from);
      seen.left++;
      return 1;
    }
    if (!is_whole) return 0;
  } else {
    redial(from);
    if (!from->is_busy) return 0;
    if (!from->has_body || from->is_chunked || from->length >= 0) {
      seen.faults++;
      return 1;
    }
  }
  if (from->status == 200) {
    note(&seen.whole_ms, (time - from->due) / 1e6);
    note(&seen.first_ms, (from->first - from->due) / 1e6);
  } else {
    seen.faults++;
    seen.fault_status = from->status;
  }
  return 1;
}

typedef struct { int connections; double seconds, rate; uint64_t requests; long leave_each; } plan;

static void drive(plan by) {
  connection *all = calloc(by.connections, sizeof *all), **idle = malloc(by.connections * sizeof *idle);
  int idle_count = 0;
  for (int at = by.connections; at--;) {
    dial(&all[at]);
    idle[idle_count++] = &all[at];
  }
  usleep(20000);
  int64_t began = now_ns(), end = began + by.seconds * SECOND, planned = 0;
  struct epoll_event events[MOST_EVENTS];
  for (;;) {
    int64_t time = now_ns(), due = began + (by.rate > 0 ? planned * SECOND / by.rate : 0);
    int is_over = time >= end || (by.requests && seen.started >= by.requests);
    if (is_over && idle_count == by.connections) break;
    if (time > end + PATIENCE_NS) {
      fprintf(stderr, "load: %d requests did not end\n", by.connections - idle_count);
      seen.faults += by.connections - idle_count;
      break;
    }
    if (!is_over && idle_count && (by.rate == 0 || due <= time)) {
      ask(idle[--idle_count], by.rate > 0 ? due : time, by.leave_each);
      planned++;
      if (by.rate == 0 && idle_count) continue;
    }
    int64_t wait = LONGEST_WAIT_NS;
    if (!is_over && by.rate > 0 && idle_count) {
      int64_t left = began + (int64_t)(planned * SECOND / by.rate) - now_ns();
      wait = left < 0 ? 0 : left < wait ? left : wait;
    }
    struct timespec timeout = {0, wait};
    int ready = epoll_pwait2(poller, events, MOST_EVENTS, &timeout, NULL);
    for (int at = 0; at < ready; at++) {
      connection *from = events[at].data.ptr;
      if (!hear(from)) continue;
      from->is_busy = 0;
      idle[idle_count++] = from;
    }
  }
  printf("{\"seconds\":%.3f,", (now_ns() - began) / 1e9);
}

static void write_request(const char *path, const char *headers, const char *body_file) {
  char *body = NULL;
  size_t size = 0;
  FILE *file = body_file ? fopen(body_file, "r") : NULL;
  if (body_file && !file) {
    perror(body_file);
    exit(2);
  }
  ssize_t got = file ? getdelim(&body, &(size_t){0}, -1, file) : 0;
  if (got > 0) size = got;
  request = malloc(size + MOST_HEAD);
  request_size = snprintf(request, MOST_HEAD,
                          "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n",
                          body_file ? "POST" : "GET", path, port, headers, size);
  if (size) memcpy(request + request_size, body, size);
  request_size += size;
}

int main(int count, char **arguments) {
  const char *path = "/v1/chat/completions", *body_file = NULL;
  char headers[8192] = "";
  plan by = {.connections = 64, .seconds = 5};
  for (int option; (option = getopt(count, arguments, "p:u:b:H:c:t:n:r:l:")) != -1;) switch (option) {
    case 'p': port = atoi(optarg); break;
    case 'u': path = optarg; break;
    case 'b': body_file = optarg; break;
    case 'H': strcat(strcat(headers, optarg), "\r\n"); break;
    case 'c': by.connections = atoi(optarg); break;
    case 't': by.seconds = atof(optarg); break;
    case 'n': by.requests = atol(optarg); break;
    case 'r': by.rate = atof(optarg); break;
    case 'l': by.leave_each = atol(optarg); break;
    default: return 2;
    }
  signal(SIGPIPE, SIG_IGN);
  poller = epoll_create1(0);
  write_request(path, headers, body_file);
  drive(by);
  print_sample("whole_ms", &seen.whole_ms);
  print_sample("first_ms", &seen.first_ms);
  print_sample("token_ms", &seen.token_ms);
  for (char *at = seen.fault; *at; at++)
    if (*at == '"' || *at == '\\' || *at < ' ') *at = '\'';
  printf("\"faults\":%lu,\"fault_status\":%d,\"fault\":\"%s\",\"events\":%lu,\"bytes\":%lu,\"left\":%lu,\"reconnects\":%lu}\n", seen.faults,
         seen.fault_status, seen.fault, seen.events, seen.bytes, seen.left, seen.reconnects);
  return 0;
}
