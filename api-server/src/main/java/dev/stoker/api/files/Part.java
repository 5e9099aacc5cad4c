package dev.stoker.api.files;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/**
 * Whole lines of a file, and what is known of them. A line longer than allowed is spread over parts
 * of its own, the first of which counts it as a faulty request, the others as nothing.
 *
 * @param firstLine counted from 1
 * @param lastLine inclusive
 * @param requests lines that are not blank
 * @param faults of them, lines that are no valid request
 * @param urls the distinct urls of its valid lines
 * @param models the distinct models of its valid lines, with how many lines each has
 * @param customIds the digests of its valid lines' custom_ids, in the order of lines
 * @param content its bytes, until whoever stores it gives their buffer away
 */
record Part(
    int ordinal,
    int firstLine,
    int lastLine,
    int requests,
    int faults,
    List<String> urls,
    List<ModelLines> models,
    List<UUID> customIds,
    ByteBuffer content) {

  record ModelLines(String model, int lines) {}
}
