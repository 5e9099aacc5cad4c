package dev.stoker.api.error;

/** The envelope of every error. */
public record ErrorBody(Content error) {

  /**
   * @param param the offending parameter, or null
   * @param code a word for programs, or null
   */
  public record Content(String message, String type, String param, String code) {}
}
