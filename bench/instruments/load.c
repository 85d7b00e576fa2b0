// Bounded HTTP/1.1 load generator, single thread, epoll, loopback only.
//   load -p PORT -u PATH -b BODYFILE [-H "K: V"]... -c CONNS [-t SECONDS] [-n REQUESTS] [-r RATE] [-w WARM_REQUESTS]
// Closed loop by default; -r RATE = open loop (latency counted from the scheduled send time).
// Counts SSE events ("data:" line starts) and token time stamps "@T<19 digits>" written by stub.c.
// Prints one JSON object.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
typedef struct {
  int fd, busy; int64_t t0, tf; char hb[16384]; int hlen; int inbody, chunked; int64_t clen; int status;
  int cst; int64_t cleft; // chunk decoder: 0 size line, 1 data, 2 crlf after data, 3 trailer
  char szl[32]; int szn; int trn;
  int ls; int dn; int tsn; char tsb[24]; int first; size_t woff;
  int64_t ev;
} conn;
static int port; static char *req; static size_t reqlen; static int ep; static conn *K; static int nc;
static double *lat, *ttfb, *tl; static size_t nl, cl_, nt, ct; static uint64_t errs, evs, bytes, started, done_, reconn; static int errstatus; static char errsample[512];
static int64_t tend; static int stopping;
static int64_t now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000LL + t.tv_nsec; }
static void dial(conn *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int r = connect(c->fd, (void *)&a, sizeof a); if (r && errno != EINPROGRESS) { perror("connect"); exit(2); }
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = c}; epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
}
static void reset(conn *c) { c->hlen = c->inbody = c->chunked = c->cst = c->szn = c->trn = c->tsn = 0; c->ls = c->dn = 0; c->clen = -1; c->first = 0; c->status = 0; c->ev = 0; }
static void fire(conn *c, int64_t t) {
  reset(c); c->busy = 1; c->t0 = t; started++; c->woff = 0;
  while (c->woff < reqlen) { ssize_t w = send(c->fd, req + c->woff, reqlen - c->woff, MSG_NOSIGNAL); if (w < 0) { if (errno == EAGAIN || errno == ENOTCONN) { usleep(50); continue; } close(c->fd); reconn++; dial(c); usleep(100); c->woff = 0; continue; } c->woff += w; }
}
static void addlat(conn *c, int64_t t) {
  if (nl == cl_) { cl_ = cl_ ? cl_ * 2 : 65536; lat = realloc(lat, cl_ * 8); ttfb = realloc(ttfb, cl_ * 8); }
  lat[nl] = (t - c->t0) / 1e6; ttfb[nl++] = (c->tf - c->t0) / 1e6;
}
static void body(conn *c, const char *p, size_t n, int64_t t) {
  if (n && !c->first) { c->first = 1; c->tf = t; }
  bytes += n;
  if (c->status != 200 && !errsample[0]) { size_t m = n < 400 ? n : 400; memcpy(errsample, p, m); errsample[m] = 0; }
  for (size_t i = 0; i < n; i++) {
    char ch = p[i];
    if (c->ls >= 0) { if (ch == "data:"[c->ls]) { if (++c->ls == 5) { evs++; c->ev++; c->ls = -1; } } else c->ls = -1; }
    if (ch == '\n') { c->ls = 0; c->dn = 0; }
    // Answers are repeated in whole in a stream's last events: only what stands behind a "delta" is a token relayed.
    if (c->dn < 7) c->dn = ch == "\"delta\""[c->dn] ? c->dn + 1 : ch == '"';
    if (c->dn == 7 && c->tsn == 0) { if (ch == '@') c->tsn = 1; }
    else if (c->tsn == 0) continue;
    else if (c->tsn == 1) c->tsn = ch == 'T' ? 2 : 0;
    else { if (ch >= '0' && ch <= '9') { c->tsb[c->tsn++ - 2] = ch; if (c->tsn == 21) { c->tsb[19] = 0; if (nt == ct) { ct = ct ? ct * 2 : 65536; tl = realloc(tl, ct * 8); } tl[nt++] = (t - strtoll(c->tsb, 0, 10)) / 1e6; c->tsn = 0; } } else c->tsn = 0; }
  }
}
static int feed(conn *c, const char *p, size_t n, int64_t t) { // 1 = response complete
  size_t i = 0;
  if (!c->inbody) {
    size_t take = sizeof c->hb - 1 - c->hlen; if (take > n) take = n; if (!take) { fprintf(stderr, "header too big\n"); exit(2); }
    memcpy(c->hb + c->hlen, p, take); c->hlen += take; c->hb[c->hlen] = 0;
    char *he = strstr(c->hb, "\r\n\r\n"); if (!he) return 0;
    c->inbody = 1; c->status = atoi(c->hb + 9); he[2] = 0;
    char *x = strcasestr(c->hb, "\ncontent-length:"); if (x) c->clen = atoll(x + 16);
    if (strcasestr(c->hb, "\ntransfer-encoding: chunked")) c->chunked = 1;
    size_t rest = c->hlen - (he + 4 - c->hb) + (n - take); p = p + n - rest; n = rest;
    if (!c->chunked && c->clen == 0) { c->tf = t; return 1; }
  }
  if (!c->chunked) { body(c, p, n, t); if (c->clen >= 0) { c->clen -= n; return c->clen <= 0; } return 0; }
  while (i < n) {
    if (c->cst == 0) { char ch = p[i++]; if (ch == '\n') { c->szl[c->szn] = 0; c->cleft = strtoll(c->szl, 0, 16); c->szn = 0; c->cst = c->cleft ? 1 : 3; c->trn = 0; } else if (c->szn < 30) c->szl[c->szn++] = ch; }
    else if (c->cst == 1) { size_t m = n - i < (size_t)c->cleft ? n - i : (size_t)c->cleft; body(c, p + i, m, t); i += m; c->cleft -= m; if (!c->cleft) c->cst = 2; }
    else if (c->cst == 2) { if (p[i++] == '\n') c->cst = 0; }
    else { char ch = p[i++]; if (ch == '\n') { if (c->trn == 0) return 1; c->trn = 0; } else if (ch != '\r') c->trn++; }
  }
  return 0;
}
static int cmp(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return x < y ? -1 : x > y; }
static double q(double *a, size_t n, double f) { if (!n) return -1; size_t i = f * n; if (i >= n) i = n - 1; return a[i]; }
static double mean(double *a, size_t n) { double s = 0; for (size_t i = 0; i < n; i++) s += a[i]; return n ? s / n : -1; }
int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  const char *path = "/v1/chat/completions", *bf = 0; double secs = 5, rate = 0; long maxn = 0; nc = 64; port = 8000; char hdr[8192] = ""; int o;
  while ((o = getopt(argc, argv, "p:u:b:H:c:t:n:r:")) != -1) switch (o) {
    case 'p': port = atoi(optarg); break; case 'u': path = optarg; break; case 'b': bf = optarg; break; case 'H': strcat(hdr, optarg); strcat(hdr, "\r\n"); break;
    case 'c': nc = atoi(optarg); break; case 't': secs = atof(optarg); break; case 'n': maxn = atol(optarg); break; case 'r': rate = atof(optarg); break; default: return 2; }
  char *b = 0; size_t bl = 0; if (bf) { FILE *f = fopen(bf, "r"); b = malloc(1 << 20); bl = fread(b, 1, 1 << 20, f); fclose(f); }
  req = malloc(bl + 16384); reqlen = sprintf(req, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n", bf ? "POST" : "GET", path, port, hdr, bl);
  if (b) memcpy(req + reqlen, b, bl);
  reqlen += bl;
  ep = epoll_create1(0); K = calloc(nc, sizeof *K); for (int i = 0; i < nc; i++) dial(&K[i]);
  usleep(20000);
  int64_t t0 = now(); tend = t0 + secs * 1e9; int64_t hard = tend + 30e9; long sched = 0; int inflight = 0;
  int *freel = malloc(nc * sizeof(int)), nf = 0; for (int i = nc - 1; i >= 0; i--) freel[nf++] = i;
  struct epoll_event ev[256]; char buf[1 << 18];
  for (;;) {
    int64_t t = now(); if (t >= tend || (maxn && (long)started >= maxn)) stopping = 1;
    if (!stopping) {
      if (rate > 0) { while (nf && !(maxn && (long)started >= maxn)) { int64_t due = t0 + (int64_t)(sched * 1e9 / rate); if (due > t || due > tend) break; fire(&K[freel[--nf]], due); sched++; inflight++; } }
      else while (nf && !(maxn && (long)started >= maxn)) { fire(&K[freel[--nf]], now()); inflight++; }
    }
    if (stopping && !inflight) break; if (t > hard) { fprintf(stderr, "hard stop, %d in flight\n", inflight); errs += inflight; break; }
    struct timespec ts = {0, 200000000}; if (rate > 0 && !stopping && nf) { int64_t d = t0 + (int64_t)(sched * 1e9 / rate) - now(); if (d < 0) d = 0; if (d < 200000000) ts.tv_nsec = d; }
    int n = epoll_pwait2(ep, ev, 256, &ts, 0);
    for (int i = 0; i < n; i++) {
      conn *c = ev[i].data.ptr; ssize_t r = recv(c->fd, buf, sizeof buf, 0); int fin = 0;
      if (r < 0 && errno == EAGAIN) continue;
      int64_t tt = now();
      if (r <= 0) { close(c->fd); reconn++; dial(c); if (!c->busy) continue; if (c->inbody && !c->chunked && c->clen < 0) fin = 1; else { errs++; fin = 2; } }
      else if (c->busy) fin = feed(c, buf, r, tt);
      if (fin) { done_++; if (fin == 1) { if (c->status == 200) addlat(c, tt); else { errs++; errstatus = c->status; } } c->busy = 0; inflight--; freel[nf++] = c - K; }
    }
  }
  double dur = (now() - t0) / 1e9; qsort(lat, nl, 8, cmp); qsort(ttfb, nl, 8, cmp); if (nt) qsort(tl, nt, 8, cmp);
  for (char *s = errsample; *s; s++) if (*s == '"' || *s == '\\' || *s < 32) *s = '\'';
  printf("{\"ok\":%zu,\"errs\":%lu,\"errstatus\":%d,\"dur\":%.3f,\"rps\":%.1f,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"mean\":%.3f,\"ttfb_p50\":%.3f,\"ttfb_p99\":%.3f,\"events\":%lu,\"bytes\":%lu,\"reconn\":%lu,\"tok_n\":%zu,\"tok_p50\":%.3f,\"tok_p99\":%.3f,\"tok_max\":%.3f,\"errsample\":\"%s\"}\n", nl, errs, errstatus, dur, nl / dur, q(lat, nl, .5), q(lat, nl, .9), q(lat, nl, .99), q(lat, nl, 1), mean(lat, nl), q(ttfb, nl, .5), q(ttfb, nl, .99), evs, bytes, reconn, nt, q(tl, nt, .5), q(tl, nt, .99), q(tl, nt, 1), errsample);
  return 0;
}
