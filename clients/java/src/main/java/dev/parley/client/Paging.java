package dev.parley.client;

/** Which part of a list: {@code Paging.FIRST} or {@code new Paging(20, 40)}. Null means what the server usually does. */
public record Paging(Integer limit, Integer offset) {
    /** The first page, of the usual size. */
    public static final Paging FIRST = new Paging(null, null);
}
