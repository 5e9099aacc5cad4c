package dev.stoker.api.models;

/** A model as the API shows it. */
record ModelObject(String id, String object, long created, String ownedBy) {

  static ModelObject of(String id, long created) {
    return new ModelObject(id, "model", created, "stoker");
  }
}
