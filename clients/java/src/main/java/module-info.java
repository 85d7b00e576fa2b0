/** The client of a Parley server. */
module dev.parley.client {
    requires transitive java.net.http;
    requires transitive tools.jackson.databind;
    exports dev.parley.client;
    opens dev.parley.client to tools.jackson.databind;
}
