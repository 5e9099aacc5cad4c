package dev.stoker.api;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in the log what to do, instead of where it was found out. */
final class UnknownSchemaAnalyzer extends AbstractFailureAnalyzer<UnknownSchema> {
  @Override
  protected FailureAnalysis analyze(Throwable failure, UnknownSchema cause) {
    return new FailureAnalysis(cause.getMessage(), null, cause);
  }
}
