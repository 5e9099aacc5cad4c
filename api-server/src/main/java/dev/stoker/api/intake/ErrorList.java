package dev.stoker.api.intake;

import java.util.List;

/** A failed batch's {@code errors}. */
record ErrorList(String object, List<BatchError> data) {}
