package dev.stoker.api.batches;

/** What a batch's requests cost; complete or not there at all. */
record Usage(
    long inputTokens,
    InputDetails inputTokensDetails,
    long outputTokens,
    OutputDetails outputTokensDetails,
    long totalTokens) {

  record InputDetails(long cachedTokens) {}

  record OutputDetails(long reasoningTokens) {}
}
