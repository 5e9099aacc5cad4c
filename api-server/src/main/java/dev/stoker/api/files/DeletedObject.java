package dev.stoker.api.files;

record DeletedObject(String id, String object, boolean deleted) {}
