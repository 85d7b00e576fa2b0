package dev.parley.client;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;

/** A server that plays scripted bytes, one script a request, and sees clients leave. The last script is played again. */
final class WireServer implements AutoCloseable {
    /** What came: the head's names are in lower case. */
    record Request(String method, String target, Map<String, String> headers, String body) {}

    /** Answers one request. */
    interface Script {
        void play(Request request, Socket socket) throws IOException;
    }

    /** Counted down when a client has closed a connection while it was answered. */
    final CountDownLatch clientLeft = new CountDownLatch(1);

    private final CountDownLatch requestCame = new CountDownLatch(1);
    private final ServerSocket listener;
    private final Queue<Script> scripts = new ArrayDeque<>();
    private final List<Request> requests = new ArrayList<>();
    private final List<Socket> sockets = new ArrayList<>();

    WireServer(Script... scripts) throws IOException {
        this.scripts.addAll(List.of(scripts));
        listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    String url() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    Parley client() {
        return client(new Clock() {});
    }

    Parley client(Clock clock) {
        return client(clock, Duration.ofSeconds(60));
    }

    /** A client whose streams may keep silent for so long. */
    Parley client(Clock clock, Duration silence) {
        var options = new CallOptions(Duration.ofSeconds(600), 2, null);
        return new Parley(new Transport(HttpClient.newHttpClient(), URI.create(url()), "rsk_test", options, silence, clock));
    }

    /** Adds a script. */
    synchronized void play(Script script) {
        scripts.add(script);
    }

    /** Waits until a request has come. */
    void awaitRequest() throws InterruptedException {
        requestCame.await();
    }

    /** Returns how many connections have been made. */
    synchronized int connections() {
        return sockets.size();
    }

    synchronized List<Request> requests() {
        return List.copyOf(requests);
    }

    @Override
    public synchronized void close() throws IOException {
        listener.close();
        for (var socket : sockets) {
            socket.close();
        }
    }

    /** A whole answer of any status. */
    static Script answer(int status, String body, String... headers) {
        return answer(status, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    static Script answer(int status, byte[] body, String... headers) {
        return (request, socket) -> {
            var head = new StringBuilder("HTTP/1.1 " + status + " Whatever\r\nContent-Length: " + body.length + "\r\n");
            for (var header : headers) {
                head.append(header).append("\r\n");
            }
            write(socket, (head + "\r\n").getBytes(StandardCharsets.UTF_8));
            write(socket, body);
        };
    }

    /** A stream whose pieces are written one by one, and which then ends as HTTP has it. */
    static Script stream(byte[]... pieces) {
        return (request, socket) -> {
            write(socket, STREAM_HEAD);
            for (var piece : pieces) {
                write(socket, chunk(piece));
            }
            write(socket, "0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        };
    }

    /** A stream that says {@code text} and then nothing more, but never ends. */
    Script hanging(String text) {
        return (request, socket) -> {
            write(socket, STREAM_HEAD);
            write(socket, chunk(text.getBytes(StandardCharsets.UTF_8)));
            if (socket.getInputStream().read() < 0) {
                clientLeft.countDown();
            }
        };
    }

    /** Never answers at all. */
    Script silence() {
        return (request, socket) -> {
            if (socket.getInputStream().read() < 0) {
                clientLeft.countDown();
            }
        };
    }

    /** Writes {@code bytes} as they are and drops the connection. */
    static Script cut(String bytes) {
        return (request, socket) -> {
            write(socket, bytes.getBytes(StandardCharsets.UTF_8));
            socket.close();
        };
    }

    private static final byte[] STREAM_HEAD =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                    .getBytes(StandardCharsets.UTF_8);

    private static byte[] chunk(byte[] piece) {
        var text = Integer.toHexString(piece.length) + "\r\n" + new String(piece, StandardCharsets.ISO_8859_1) + "\r\n";
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void write(Socket socket, byte[] bytes) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(bytes);
        out.flush();
    }

    private static void start(Runnable work) {
        var thread = new Thread(work, "wire-server");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                var socket = listener.accept();
                socket.setTcpNoDelay(true);
                synchronized (this) {
                    sockets.add(socket);
                }
                start(() -> serve(socket));
            }
        } catch (IOException closed) {
            return;
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            var in = new BufferedInputStream(socket.getInputStream());
            for (var request = read(in); request != null; request = read(in)) {
                next(request).play(request, socket);
            }
        } catch (IOException gone) {
            clientLeft.countDown();
        }
    }

    private synchronized Script next(Request request) {
        requests.add(request);
        requestCame.countDown();
        return scripts.size() > 1 ? scripts.remove() : scripts.element();
    }

    private static Request read(InputStream in) throws IOException {
        var first = line(in);
        if (first == null) {
            return null;
        }
        var headers = new TreeMap<String, String>();
        for (var line = line(in); line != null && !line.isEmpty(); line = line(in)) {
            var colon = line.indexOf(':');
            headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
        }
        var body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
        var words = first.split(" ");
        return new Request(words[0], words[1], headers, new String(body, StandardCharsets.UTF_8));
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (var each = in.read(); each != '\n'; each = in.read()) {
            if (each < 0) {
                return line.isEmpty() ? null : line.toString();
            }
            line.append((char) each);
        }
        return line.toString().stripTrailing();
    }
}
